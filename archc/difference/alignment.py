"""The longest common subsequence of two sequences: Myers, "An O(ND) Difference Algorithm", 1986."""

from __future__ import annotations

from collections.abc import Sequence

# The limit of insertions and deletions. The time grows with their square, and longer differences are unreadable.
_MOST = 1000


def aligned(a: Sequence[int], b: Sequence[int]) -> list[tuple[int, int]]:
    """Pairs of indices with equal values, increasing in both. As many as possible, up to `_MOST` unpaired values."""
    # A common beginning and a common end need no search.
    first = 0
    while first < min(len(a), len(b)) and a[first] == b[first]:
        first += 1
    last = 0
    while last < min(len(a), len(b)) - first and a[-1 - last] == b[-1 - last]:
        last += 1
    middle = _shortest(a[first : len(a) - last], b[first : len(b) - last])
    pairs = [(i, i) for i in range(first)]
    pairs += [(first + i, first + j) for i, j in middle]
    return pairs + [(len(a) - i, len(b) - i) for i in range(last, 0, -1)]


def _shortest(a: Sequence[int], b: Sequence[int]) -> list[tuple[int, int]]:
    """The equal pairs on a path with the fewest insertions and deletions. Empty if there are more than `_MOST`."""
    furthest = {1: 0}  # by diagonal: the index in `a` that a path of `edits` steps reaches
    trace: list[dict[int, int]] = []
    for edits in range(min(len(a) + len(b), _MOST) + 1):
        trace.append(dict(furthest))
        for diagonal in range(-edits, edits + 1, 2):
            x = furthest[diagonal + 1] if _inserts(furthest, diagonal, edits) else furthest[diagonal - 1] + 1
            while x < len(a) and x - diagonal < len(b) and a[x] == b[x - diagonal]:
                x += 1
            furthest[diagonal] = x
            if x >= len(a) and x - diagonal >= len(b):
                return _equal(trace, len(a), len(b))
    return []


def _inserts(furthest: dict[int, int], diagonal: int, edits: int) -> bool:
    """Whether the last step to a diagonal is an insertion, from the diagonal above it."""
    return diagonal == -edits or (diagonal != edits and furthest[diagonal - 1] < furthest[diagonal + 1])


def _equal(trace: list[dict[int, int]], x: int, y: int) -> list[tuple[int, int]]:
    """The equal pairs of the path, found by following the trace backwards."""
    pairs: list[tuple[int, int]] = []
    for edits in range(len(trace) - 1, -1, -1):
        furthest, diagonal = trace[edits], x - y
        before = diagonal + 1 if _inserts(furthest, diagonal, edits) else diagonal - 1
        begin = furthest[before]
        while x > begin and y > begin - before and x > 0 and y > 0:
            x, y = x - 1, y - 1
            pairs.append((x, y))
        x, y = begin, begin - before
    return pairs[::-1]
