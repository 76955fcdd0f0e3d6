"""Work ahead in threads: in order, bounded, and over when nobody wants more."""

from threading import Lock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archc.pictures.ahead import in_order


@settings(max_examples=30)
@given(count=st.integers(0, 40), threads=st.integers(1, 5), ahead=st.integers(0, 9))
def test_results_come_in_order_and_never_too_far_ahead(count: int, threads: int, ahead: int) -> None:
    begun, lock = [0], Lock()

    def square(number: int) -> int:
        with lock:
            begun[0] += 1
        return number**2

    for taken, result in enumerate(in_order(square, range(count), threads=threads, ahead=ahead), 1):
        assert result == (taken - 1) ** 2
        with lock:
            assert begun[0] <= taken + ahead
    assert begun == [count]


def test_an_error_comes_where_its_result_would() -> None:
    results = in_order(lambda number: 6 // number, [3, 2, 0, 1], threads=2, ahead=4)
    assert [next(results), next(results)] == [2, 3]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_leaving_early_ends_it() -> None:
    begun: list[int] = []
    results = in_order(begun.append, range(1000), threads=1, ahead=3)
    next(results)
    results.close()  # pyright: ignore[reportAttributeAccessIssue]
    assert len(begun) <= 5
