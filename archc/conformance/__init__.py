"""Whether a backend keeps the rules of `archc.backend`, for its own tests; docs/backends.md shows how.

    @pytest.mark.parametrize("check", checks("mine", compute), ids=str)
    def test_conformance(check):
        assert not check()

Each check raises an AssertionError that holds the spec which shows what is wrong, else returns the layers that the
backend refuses, with what it says of them. Needs no test framework; NumPy where values are computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from archc.backend import EmittedSource, load
from archc.conformance.cases import Case, cases, spec_cases
from archc.conformance.computing import MOST_MACS, Compute, check_values
from archc.conformance.emission import NotConformant, check_emission
from archc.conformance.processes import check_processes

__all__ = ["Case", "Check", "Compute", "EmittedSource", "NotConformant", "cases", "checks", "spec_cases"]

_EVERY = 10
"""Emission in other processes is tried with every so many cases."""


@dataclass(frozen=True)
class Check:
    """One rule for one case; called, it says which layers the backend refuses."""

    name: str
    run: Callable[[], Mapping[str, str]]

    def __call__(self) -> Mapping[str, str]:
        return self.run()

    def __str__(self) -> str:
        return self.name


def checks(name: str, compute: Compute | None = None, more: Iterable[Case] = ()) -> tuple[Check, ...]:
    """All checks of an installed backend, with `more` cases of its own; of values where its tests can compute them."""
    backend = load(name)
    tried = (*cases(), *more)
    found = [Check(f"{case}-emission", partial(check_emission, backend, case)) for case in tried]
    if compute is not None:
        small = (case for case in tried if case.facts.counts.macs <= MOST_MACS)
        found += [Check(f"{case}-values", partial(check_values, backend, case, compute)) for case in small]
    return (*found, Check("processes", partial(check_processes, backend, tried[::_EVERY])))
