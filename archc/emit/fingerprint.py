"""What a formatter keeps of Python source: its syntax and its comments, but not its layout.

Emitted source is sealed by its fingerprint, so a file that black has formatted is not an edited one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import cast


def fingerprint(text: str) -> str:
    """Equal for two texts that differ only in layout. The text itself if it is not Python."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return text
    # Of the strings in emitted source, only docstrings have a #, and formatters do not wrap their lines.
    comments = (line.partition("#")[2].strip() for line in text.split("\n") if "#" in line)
    return "\n".join([*_nodes(tree), *comments])


def _nodes(tree: ast.AST) -> Iterator[str]:
    """Each node before its parts: its kind, and how many parts or which value each of its fields has.

    Empty fields are omitted: later versions of Python add some. It does not recurse, since a long sum is a deep tree.
    """
    todo: list[object] = [tree]
    while todo:
        match part := todo.pop():
            case ast.AST():
                fields = [(name, value) for name, value in ast.iter_fields(part) if value not in (None, [])]
                yield f"{type(part).__name__} {' '.join(name for name, _ in fields)}"
                todo += [value for _, value in reversed(fields)]
            case list():
                items = cast("list[object]", part)
                yield f"{len(items)}"
                todo += reversed(items)
            case str():
                # A formatter may indent the lines of a docstring in another way.
                yield ascii("\n".join(line.strip() for line in part.split("\n")) if "\n" in part else part)
            case _:
                yield ascii(part)
