"""A network as a figure: boxes to scale as SVG, or a graph for Graphviz and Mermaid.

Data flows one way: graph -> boxes -> columns -> rows -> a drawing -> SVG. Nothing here reads a file or measures a
font, so the same graph gives the same bytes on every machine.
"""

from __future__ import annotations


class TooLarge(Exception):
    """The network exceeds what a format can show."""

    def __init__(self, what: str, *, found: int, most: int) -> None:
        super().__init__(f"{found:,} {what} are too many to draw: the limit is {most:,}")
