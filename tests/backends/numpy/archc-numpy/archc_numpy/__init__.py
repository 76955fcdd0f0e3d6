"""A NumPy backend of archc. Emitting imports no NumPy."""

from __future__ import annotations

from dataclasses import dataclass

from archc.backend import PROTOCOL, EmittedSource, Request
from archc.language.spec import Strategy


@dataclass(frozen=True)
class NumpyBackend:
    """The object of the entry point `numpy`; it only emits."""

    name: str = "numpy"
    protocol: int = PROTOCOL
    frameworks: tuple[str, ...] = ("numpy",)
    strategies: tuple[Strategy, ...] = ()
    train_module: None = None

    def emit(self, request: Request) -> EmittedSource:
        """One standalone file."""
        from archc_numpy.emission import emit

        return emit(request)


backend = NumpyBackend()
