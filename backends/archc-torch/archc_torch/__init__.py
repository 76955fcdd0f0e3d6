"""The PyTorch backend of archc. Emitting imports no PyTorch; `archc_torch.train` does, in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass

from archc.backend import PROTOCOL, EmittedSource, Request
from archc.language.spec import Strategy


@dataclass(frozen=True)
class TorchBackend:
    """The object of the entry point `torch`."""

    name: str = "torch"
    protocol: int = PROTOCOL
    frameworks: tuple[str, ...] = ("torch",)
    strategies: tuple[Strategy, ...] = ("data", "columns", "hybrid")
    train_module: str = "archc_torch.train"
    use_module: str = "archc_torch.use"

    def emit(self, request: Request) -> EmittedSource:
        """One standalone file: see `archc_torch.emission`."""
        from archc_torch.emission import emit  # listing backends should not wait for it

        return emit(request)


backend = TorchBackend()
