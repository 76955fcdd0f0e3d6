"""Codes, findings, and one renderer a format."""
