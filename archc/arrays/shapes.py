"""Whether an array has the shape that a network needs, and what to do about it if not."""

from __future__ import annotations

from pathlib import Path

from archc.failure import FINDING, Failure

Wanted = tuple[int | str, ...]
"""The shape of an example: a size, or the symbol of a free one."""


def check_shape(file: Path, name: str, shape: tuple[int, ...], wanted: Wanted, owner: str, classes: int = 0) -> None:
    """Raise a Failure unless an array has examples of a shape; of targets, `classes` is the number of classes."""
    if shape and _fits(shape[1:], wanted):
        return
    expected = f"[n{''.join(f', {size}' for size in wanted)}]"
    message = f"{file}: `{name}` has the shape {list(shape)}, and {owner} needs {expected}, n examples"
    raise Failure(message, _help(name, shape[1:], wanted, classes), FINDING)


def _fits(shape: tuple[int, ...], wanted: Wanted) -> bool:
    sizes = zip(shape, wanted, strict=False)
    return len(shape) == len(wanted) and all(size > 0 if isinstance(w, str) else size == w for size, w in sizes)


def _help(name: str, shape: tuple[int, ...], wanted: Wanted, classes: int) -> str:
    first = (*shape[-1:], *shape[:-1])
    if len(wanted) > 1 and _fits(first, wanted):
        return "the channels come first: `numpy.moveaxis(array, -1, 1)`"
    if _fits((1, *shape), wanted):
        return f"save it with an axis of size 1: `{name}[:, None]`"
    if len(shape) == len(wanted) + 1:
        if classes > 1 and _fits(first, (classes, *wanted)):
            return f"save the number of each class: `{name}.argmax(-1)`"
        if classes > 1 and _fits(shape, (classes, *wanted)):
            return f"save the number of each class: `{name}.argmax(1)`"
        if _fits(shape, (*wanted, 1)):
            return f"save it without the axis of size 1: `{name}.squeeze(-1)`"
        if _fits(shape, (1, *wanted)):
            return f"save it without the axis of size 1: `{name}.squeeze(1)`"
    return "save it with that shape"
