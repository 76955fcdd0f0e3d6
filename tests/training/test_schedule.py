"""The learning rate falls when the held-out error stops falling, and only then."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archc.language.schedules import OnPlateau
from archc.training.schedule import Schedule

RULE = OnPlateau(factor=0.1, times=2, patience=3)


def rates(errors: list[float], rule: OnPlateau | None = RULE) -> list[float]:
    """The learning rate of each epoch, given the error after each; it begins at 1."""
    numbers = {"factor": rule.factor, "patience": rule.patience, "times": rule.times} if rule else {}
    plateau, found = Schedule(1.0, steps=100, steps_per_epoch=1, **numbers), [1.0]
    for error in errors:
        plateau = plateau.after(error)
        found.append(plateau.lr)
    return found


def test_an_error_that_falls_leaves_it() -> None:
    assert set(rates([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3])) == {1.0}


def test_three_epochs_without_a_lower_error_cut_it_and_at_most_twice() -> None:
    expected = [1.0] * 4 + [0.1] * 3 + [0.01] * 6
    assert rates([0.5] * 12) == pytest.approx(expected)


def test_a_lower_error_starts_the_wait_again() -> None:
    assert rates([0.5, 0.5, 0.5, 0.4, 0.4, 0.4, 0.4]) == pytest.approx([1.0] * 7 + [0.1])


def test_an_error_above_the_best_is_no_improvement_on_the_one_before() -> None:
    assert rates([0.5, 0.9, 0.8, 0.7]) == pytest.approx([1.0, 1.0, 1.0, 1.0, 0.1])


@given(errors=st.lists(st.floats(0, 1)))
def test_without_a_rule_it_stays(errors: list[float]) -> None:
    assert set(rates(errors, None)) == {1.0}


@given(
    errors=st.lists(st.floats(0, 1), max_size=60),
    factor=st.floats(0.01, 0.99),
    times=st.integers(0, 4),
    patience=st.integers(1, 6),
)
def test_it_never_rises_and_is_cut_a_bounded_number_of_times(
    errors: list[float], factor: float, times: int, patience: int
) -> None:
    found = rates(errors, OnPlateau(factor=factor, times=times, patience=patience))
    assert found == sorted(found, reverse=True)
    assert len(set(found)) <= times + 1
    assert len(set(found)) <= 1 + max(len(errors) - 1, 0) // patience
