"""What changed between two revisions of types, templates or roles, whom it breaks, and the bump it demands."""
