"""Which parameters ranks have parts of, for emitted source: all, by rows."""


def axis(name: str) -> int | None:
    """The axis of which each rank has a part of a parameter; None: it has all of it."""
    return 0 if name else None
