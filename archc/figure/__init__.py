"""A network as a figure: blocks to scale as SVG, or its graph as text for Graphviz and Mermaid.

Data flows one way: graph -> blocks -> columns -> rows -> a drawing -> SVG. Nothing here reads a file or measures a
font: the same graph gives the same bytes on any machine.
"""

from __future__ import annotations


class TooLarge(Exception):
    """More than a format shows: how much there is, of what, and the limit."""

    def __init__(self, what: str, *, found: int, most: int) -> None:
        super().__init__(f"{found:,} {what} are too many to draw: the limit is {most:,}")
