"""The port to where merge requests live, and one folder an adapter."""
