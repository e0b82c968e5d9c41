"""The port to what runs pipelines, and one adapter a file."""
