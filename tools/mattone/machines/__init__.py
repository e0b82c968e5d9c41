"""Real machines on this host for the embedded engine."""
