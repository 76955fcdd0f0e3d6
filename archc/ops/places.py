"""Windows laid down one by one: where each reads, for what an op means. It shares no arithmetic with the size rule."""

from __future__ import annotations

from typing import Literal

from archc.ops.fields import Rounding


def places(
    n: int, *, kernel: int, stride: int, dilation: int, margin: tuple[int, int] | Literal["same"], rounding: Rounding
) -> list[list[int]]:
    """In one direction over `n` places, what each window reads: negative, or `n` and more, where that is beyond."""
    span = dilation * (kernel - 1) + 1
    before, after = _same(n, span, stride) if margin == "same" else margin
    starts = [-before]
    while True:
        start = starts[-1] + stride
        fits = start + span <= n + after
        begins = rounding == "ceil" and start < n and starts[-1] + span < n + after
        if not (fits or begins):
            return [[begin + dilation * tap for tap in range(kernel)] for begin in starts]
        starts.append(start)


def _same(n: int, span: int, stride: int) -> tuple[int, int]:
    """As many windows as strides begin, the odd place at the end."""
    last = (n - 1) // stride * stride
    missing = max(last + span - n, 0)
    return missing // 2, missing - missing // 2
