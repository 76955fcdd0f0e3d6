"""The PyTorch backend of archc. Emitting imports no PyTorch; `archc_torch.train` does, in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass

from archc.backend import PROTOCOL, EmittedSource, Origin
from archc.graph import Graph
from archc.language.spec import Recipe, Strategy
from archc.passes.placement import Placement


@dataclass(frozen=True)
class TorchBackend:
    """What archc finds under the entry point `torch`."""

    name: str = "torch"
    protocol: int = PROTOCOL
    frameworks: tuple[str, ...] = ("torch",)
    strategies: tuple[Strategy, ...] = ("columns",)
    train_module: str = "archc_torch.train"

    def emit(self, graph: Graph, recipe: Recipe, placement: Placement | None, origin: Origin) -> EmittedSource:
        """One standalone file: see `archc_torch.emission`."""
        from archc_torch.emission import emit

        return emit(graph, recipe, placement, origin)


backend = TorchBackend()
