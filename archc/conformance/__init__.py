"""Checks that a backend keeps the rules of `archc.backend`, for use in the backend's own tests.

    @pytest.mark.parametrize("check", checks("mine", compute), ids=str)
    def test_conformance(check):
        assert not check()

`op_checks` does the same for an op: it compares what the op's class declares with the values that it computes.

A check that fails raises an AssertionError, whose message ends in the spec that shows the mistake. A check that passes
returns the layers that the backend does not support, with the backend's message for each. The checks need no test
framework; they need NumPy if values are compared. docs/backends.md has a whole example.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from archc.backend import EmittedSource, load
from archc.conformance.cases import Case, cases, op_cases, spec_cases
from archc.conformance.computing import MOST_MACS, Compute, check_values
from archc.conformance.emission import NotConformant, check_emission
from archc.conformance.processes import check_processes
from archc.conformance.traits import check_examples, check_traits
from archc.ops import ops

__all__ = ["Case", "Check", "Compute", "EmittedSource", "NotConformant", "cases", "checks", "op_checks", "spec_cases"]

_EVERY = 10
"""Every n-th case is also emitted in other processes; more would take longer without finding more."""


@dataclass(frozen=True)
class Check:
    """One rule applied to one case. A call runs the check and returns the unsupported layers with their messages."""

    name: str
    run: Callable[[], Mapping[str, str]]

    def __call__(self) -> Mapping[str, str]:
        return self.run()

    def __str__(self) -> str:
        return self.name


def checks(name: str, compute: Compute | None = None, more: Iterable[Case] = ()) -> tuple[Check, ...]:
    """All checks for an installed backend, on archc's cases and on `more` cases of the backend's own.

    Values are compared only if `compute` is given.
    """
    backend = load(name)
    tried = (*cases(), *more)
    found = [Check(f"{case}-emission", partial(check_emission, backend, case)) for case in tried]
    if compute is not None:
        small = (case for case in tried if case.facts.counts.macs <= MOST_MACS)
        found += [Check(f"{case}-values", partial(check_values, backend, case, compute)) for case in small]
    return (*found, Check("processes", partial(check_processes, backend, tried[::_EVERY])))


def op_checks(name: str) -> tuple[Check, ...]:
    """All checks for an op, archc's or that of a distribution. They need NumPy and no backend."""
    small = (case for case in op_cases(name) if case.facts.counts.macs <= MOST_MACS)
    examples = Check(f"{name}-examples", partial(check_examples, ops()[name]))
    return (examples, *(Check(f"{case}-traits", partial(check_traits, case)) for case in small))
