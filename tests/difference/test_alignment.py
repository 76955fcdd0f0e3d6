"""The longest common subsequence, compared with dynamic programming."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from archc.difference.alignment import aligned

numbers = st.lists(st.integers(0, 3), max_size=14)


def longest(a: list[int], b: list[int]) -> int:
    """The length of a longest common subsequence, by dynamic programming."""
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            table[i + 1][j + 1] = table[i][j] + 1 if x == y else max(table[i][j + 1], table[i + 1][j])
    return table[-1][-1]


@given(numbers, numbers)
def test_it_is_a_common_sequence_and_none_is_longer(a: list[int], b: list[int]) -> None:
    pairs = aligned(a, b)
    assert all(a[i] == b[j] for i, j in pairs)
    assert all(i < k and j < m for (i, j), (k, m) in pairwise(pairs))
    assert len(pairs) == longest(a, b)


def test_sequences_with_little_in_common_are_aligned_at_the_ends() -> None:
    a, b = ([0, *range(first, first + 2000), 1] for first in (10, 5000))
    assert aligned(a, b) == [(0, 0), (2001, 2001)]
