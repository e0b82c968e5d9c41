"""Findings, the rules that make them, and the reports that show them."""
