"""The effects of changes: layers that are unchanged themselves, but have other shapes or costs than before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from archc.difference.layers import LayerDifference, LayerSide, Measured
from archc.difference.pairing import Pairing
from archc.graph import Graph, Node
from archc.ops.shape_error import ShapeError

Names = tuple[str, ...]

# At most this many causes of an effect are named.
_MOST = 8


@dataclass(frozen=True)
class Effect:
    """Layers with other shapes or costs, before and after, and the changed layers or inputs that cause this."""

    causes: Names
    layers: tuple[tuple[LayerSide, LayerSide], ...]


def effects(
    pairing: Pairing, before: Measured, after: Measured, differences: Iterable[LayerDifference]
) -> tuple[Effect, ...]:
    """The layers that changes upstream affect, grouped by their causes, in the order of the network."""
    changed = {difference.name: difference for difference in differences if difference.after is not None}
    gone, causes = _removed(pairing), _causes(pairing, changed)
    found: dict[Names, list[tuple[LayerSide, LayerSide]]] = {}
    for old, new in pairing.pairs:
        if new.name in changed:
            continue
        sides = before.layer(old.name), after.layer(new.name)
        if sides[0].size != sides[1].size:
            found.setdefault(_upstream(pairing, new, causes, gone), []).append(sides)
    return tuple(Effect(names, tuple(layers)) for names, layers in found.items())


def _removed(pairing: Pairing) -> dict[str, Names]:
    """For each removed layer, the removed layers up to it that changed the shape of their input."""
    gone: dict[str, Names] = {}
    for node in pairing.removed:
        gone[node.name] = _together([*(gone.get(name, ()) for name in node.inputs), _own(node, pairing.before)])
    return gone


def _causes(pairing: Pairing, changed: dict[str, LayerDifference]) -> dict[str, Names]:
    """For each value of the new network, the causes of its other shape. Empty if its shape is the same as before."""
    before, after = pairing.before, pairing.after
    gone = _removed(pairing)
    causes: dict[str, Names] = {
        name: (name,) if tensor != before.inputs[pairing.old[name]] else () for name, tensor in after.inputs.items()
    }
    for node in after.nodes:
        old = pairing.old.get(node.name)
        rewired = node.name in changed and changed[node.name].reads
        # A value with its old shape hides the causes before it from its readers.
        if old is not None and before.tensor(old) == node.output and not rewired:
            causes[node.name] = ()
            continue
        upstream = _upstream(pairing, node, causes, gone)
        own = _own(node, after) if old is None else _reshaping(before.node(old), node, after, changed.get(node.name))
        causes[node.name] = _together([upstream, own])
    return causes


def _upstream(pairing: Pairing, node: Node, causes: dict[str, Names], gone: dict[str, Names]) -> Names:
    """The causes of other shapes among the values that a layer reads, and among the removed layers that it read."""
    old = pairing.old.get(node.name)
    read = pairing.before.node(old).inputs if old is not None else ()
    return _together([*(causes[name] for name in node.inputs), *(gone.get(name, ()) for name in read)])


def _own(node: Node, graph: Graph) -> Names:
    """The layer itself, if its output has another shape than its input."""
    return (node.name,) if node.output != graph.tensor(node.inputs[0]) else ()


def _reshaping(old: Node, new: Node, after: Graph, changed: LayerDifference | None) -> Names:
    """A changed layer itself, if its old op would give another shape for the new input."""
    if changed is None:
        return ()
    if changed.reads:
        return (new.name,)
    try:
        return (new.name,) if old.op.infer(after.tensors(new.inputs)) != new.output else ()
    except ShapeError:
        return (new.name,)


def _together(causes: Iterable[Names]) -> Names:
    """The causes without duplicates, up to the limit."""
    return tuple(dict.fromkeys(name for some in causes for name in some))[:_MOST]
