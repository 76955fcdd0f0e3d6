"""What the examples of codes and ops begin with; each goes on with its layers."""

from __future__ import annotations

HEAD = """\
schema: archc/v1
name: example
input: {image: [3, 8, 8]}
layers:
"""
