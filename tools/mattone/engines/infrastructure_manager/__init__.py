"""The embedded engine: a real Infrastructure Manager process over this host's machines."""
