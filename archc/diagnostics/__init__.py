"""Codes, findings, and one renderer for each output format."""
