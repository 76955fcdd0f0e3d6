"""The Keras backend of archc. Emitting imports no Keras; `archc_keras.train` does, in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass

from archc.backend import PROTOCOL, EmittedSource, Request
from archc.language.spec import Strategy


@dataclass(frozen=True)
class KerasBackend:
    """The object of the entry point `keras`."""

    name: str = "keras"
    protocol: int = PROTOCOL
    frameworks: tuple[str, ...] = ("keras", "tensorflow")
    strategies: tuple[Strategy, ...] = ()
    train_module: str = "archc_keras.train"
    use_module: str = "archc_keras.use"

    def emit(self, request: Request) -> EmittedSource:
        """One standalone file: see `archc_keras.emission`."""
        from archc_keras.emission import emit  # listing backends should not wait for it

        return emit(request)


backend = KerasBackend()
