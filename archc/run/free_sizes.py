"""The network of a run at the sizes of its arrays, where its spec leaves them free."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from archc.analysis import Facts
from archc.arrays.folder import FILES
from archc.arrays.shapes import check_shape
from archc.failure import FINDING, Failure

if TYPE_CHECKING:  # NumPy, which few runs need before their training process
    from archc.arrays.reading import Header


def at_sizes_of_arrays(facts: Facts, folder: Path) -> Facts:
    """The facts with the sizes of the training arrays for the free ones; a Failure if the network cannot have them.

    An array that is missing is left to the check of all arrays.
    """
    if facts.free is None:
        return facts
    from archc.arrays.reading import headers  # as above

    file = folder / FILES[0]
    found = headers(file)
    if not facts.graph.free.keys() <= found.keys():
        return facts
    fitted = facts.at(_sizes(facts, file, found))
    if isinstance(fitted, str):
        steps = {axis: f" in steps of {axis.step}" if axis.step > 1 else "" for axis in facts.free.axes}
        axes = " and ".join(f"{axis.symbol} from {axis.first}{step}" for axis, step in steps.items())
        shapes = ", ".join(f"`{name}` of {list(found[name].shape[1:])}" for name in facts.graph.free)
        message = f"{file}: {facts.graph.name} cannot read {shapes}: {fitted}"
        raise Failure(message, help=f"save examples with {axes}", code=FINDING)
    return fitted


def _sizes(facts: Facts, file: Path, found: Mapping[str, Header]) -> dict[str, int]:
    """The size of each free axis: the same in all arrays."""
    graph = facts.graph
    sizes: dict[str, int] = {}
    for name, symbols in graph.free.items():
        shape = found[name].shape
        axes = zip(symbols, graph.inputs[name].shape, strict=True)
        wanted = tuple(int(size) if symbol is None else sizes.get(symbol, symbol) for symbol, size in axes)
        check_shape(file, name, shape, wanted, graph.name)
        sizes |= {symbol: size for symbol, size in zip(symbols, shape[1:], strict=True) if symbol is not None}
    return sizes
