"""The language server: what the checks know, shown in an editor while one types."""
