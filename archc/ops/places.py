"""Where each window reads, found by laying windows down one by one.

The meaning of an op uses this, so that it shares no arithmetic with the size rule that it is tested against.
"""

from __future__ import annotations

from typing import Literal

from archc.ops.fields import Rounding


def places(
    n: int, *, kernel: int, stride: int, dilation: int, margin: tuple[int, int] | Literal["same"], rounding: Rounding
) -> list[list[int]]:
    """Along one axis of `n` positions, the positions each window reads; below 0 or from `n` on they are padding."""
    span = dilation * (kernel - 1) + 1
    before, after = _same(n, span, stride) if margin == "same" else margin
    starts = [-before]
    while True:
        start = starts[-1] + stride
        fits = start + span <= n + after
        # Rounding up adds a window that starts on input, if the one before does not already reach the end.
        begins = rounding == "ceil" and start < n and starts[-1] + span < n + after
        if not (fits or begins):
            return [[begin + dilation * tap for tap in range(kernel)] for begin in starts]
        starts.append(start)


def _same(n: int, span: int, stride: int) -> tuple[int, int]:
    """The padding of `same`: one window for each stride that starts, the odd position at the end."""
    last = (n - 1) // stride * stride
    missing = max(last + span - n, 0)
    return missing // 2, missing - missing // 2
