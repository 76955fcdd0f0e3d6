"""Options whose types Keras does not state, for emitted source."""
# pyright: basic

from typing import Any


def untyped(**options: Any) -> dict[str, Any]:
    """Options that checkers would take for the types of their defaults."""
    return options
