"""Passes: each reads a graph and answers one question. None prints, none edits what another found."""
