"""The Keras backend of archc. Emitting imports no Keras; `archc_keras.train` does, in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass

from archc.backend import PROTOCOL, EmittedSource, Origin
from archc.graph import Graph
from archc.language.spec import Recipe, Strategy
from archc.passes.placement import Placement


@dataclass(frozen=True)
class KerasBackend:
    """What archc finds under the entry point `keras`."""

    name: str = "keras"
    protocol: int = PROTOCOL
    frameworks: tuple[str, ...] = ("keras", "tensorflow")
    strategies: tuple[Strategy, ...] = ()
    train_module: str = "archc_keras.train"

    def emit(self, graph: Graph, recipe: Recipe, placement: Placement | None, origin: Origin) -> EmittedSource:
        """One standalone file: see `archc_keras.emission`."""
        from archc_keras.emission import emit

        return emit(graph, recipe, placement, origin)


backend = KerasBackend()
