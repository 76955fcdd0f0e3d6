"""A NumPy backend of archc. Emitting imports no NumPy."""

from __future__ import annotations

from dataclasses import dataclass

from archc.backend import PROTOCOL, EmittedSource, Origin
from archc.graph import Graph
from archc.language.spec import Recipe, Strategy
from archc.passes.placement import Placement


@dataclass(frozen=True)
class NumpyBackend:
    """What archc finds under the entry point `numpy`; it emits and trains nothing."""

    name: str = "numpy"
    protocol: int = PROTOCOL
    frameworks: tuple[str, ...] = ("numpy",)
    strategies: tuple[Strategy, ...] = ()
    train_module: None = None

    def emit(self, graph: Graph, recipe: Recipe, placement: Placement | None, origin: Origin) -> EmittedSource:
        """One standalone file."""
        from archc_numpy.emission import emit

        return emit(graph, recipe, origin)


backend = NumpyBackend()
