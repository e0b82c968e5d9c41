"""The port to what creates machines, and one folder an adapter."""
