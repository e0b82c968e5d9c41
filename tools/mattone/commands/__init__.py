"""One file a command: a typed function that returns an exit code."""
