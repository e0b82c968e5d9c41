"""TOSCA documents with source positions, imports, type hierarchy, checks and rendering."""
