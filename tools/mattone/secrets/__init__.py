"""The port to secret stores, and one adapter a file."""
