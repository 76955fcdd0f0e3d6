"""The network's `load`, which reads a run's weights and puts them in Keras' layout."""

from __future__ import annotations

from collections.abc import Set
from typing import Literal

from archc.emit.prose import LOADED
from archc.emit.syntax import Assert, Assign, Do, Fixed, For, Function, Import, Name, Return, call

_CELLS = frozenset(map(Name, ("layers.LSTM", "layers.GRU")))
Reader = Literal["stored", "recurrent_stored"]


def snippets(used: Set[Name]) -> tuple[Reader, ...]:
    """The snippets that read the variables of a network of these layers, the one for any variable first."""
    return ("recurrent_stored", "stored") if used & _CELLS else ("stored",)


def load(read: Reader) -> Function:
    """The class method, which reads each variable by a snippet."""
    return Function(
        "load",
        "cls, path: str",
        "Self",
        (
            Import("safetensors.numpy", ("load_file",)),
            Assign(Name("model"), call("cls")),
            Assign(Name("weights"), call("load_file", Name("path"))),
            For(
                (Name("variable"),),
                Name("model.weights"),
                (Do(call("variable.assign", call(read, Name("weights"), Name("variable")))),),
            ),
            Assert(Fixed("not weights"), Fixed('f"unknown weights: {list(weights)}"')),
            Return(Name("model")),
        ),
        doc=f"{LOADED}.",
        decorators=(Fixed("classmethod"),),
    )
