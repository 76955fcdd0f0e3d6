"""What is too much for a figure."""

from __future__ import annotations


class TooLarge(Exception):
    """More than a format shows: how much there is, of what, and the limit."""

    def __init__(self, what: str, *, found: int, most: int) -> None:
        super().__init__(f"{found:,} {what} are too many to draw: the limit is {most:,}")
