"""What a change does to the layers after it, that are what they were and yet have other shapes or costs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from archc.difference.layers import LayerDifference, LayerSide, Measured
from archc.difference.pairing import Pairing
from archc.graph import Graph, Node
from archc.ops.op import ShapeError

Names = tuple[str, ...]

# Of more causes than this the first are named.
_MOST = 8


@dataclass(frozen=True)
class Effect:
    """Layers of other shapes or costs, before and after, and the changed layers or the input that make them so."""

    causes: Names
    layers: tuple[tuple[LayerSide, LayerSide], ...]


def effects(
    pairing: Pairing, before: Measured, after: Measured, differences: Iterable[LayerDifference]
) -> tuple[Effect, ...]:
    """The layers that changes upstream have changed, in order, by their causes."""
    told = {difference.name: difference for difference in differences if difference.after is not None}
    gone, causes = _removed(pairing), _causes(pairing, told)
    found: dict[Names, list[tuple[LayerSide, LayerSide]]] = {}
    for old, new in pairing.pairs:
        if new.name in told:
            continue
        sides = before.layer(old.name), after.layer(new.name)
        if sides[0].size != sides[1].size:
            found.setdefault(_upstream(pairing, new, causes, gone), []).append(sides)
    return tuple(Effect(names, tuple(layers)) for names, layers in found.items())


def _removed(pairing: Pairing) -> dict[str, Names]:
    """For each removed layer, by its old name, those removed ones up to it that gave their input another shape."""
    gone: dict[str, Names] = {}
    for node in pairing.removed:
        gone[node.name] = _together([*(gone.get(name, ()) for name in node.inputs), _own(node, pairing.before)])
    return gone


def _causes(pairing: Pairing, told: dict[str, LayerDifference]) -> dict[str, Names]:
    """For each value of the new network, what has given it another shape; nothing where it has the one it had."""
    before, after = pairing.before, pairing.after
    gone = _removed(pairing)
    causes: dict[str, Names] = {
        name: (name,) if tensor != before.inputs[pairing.old[name]] else () for name, tensor in after.inputs.items()
    }
    for node in after.nodes:
        old = pairing.old.get(node.name)
        rewired = node.name in told and told[node.name].reads
        if old is not None and before.tensor(old) == node.output and not rewired:
            causes[node.name] = ()
            continue
        upstream = _upstream(pairing, node, causes, gone)
        own = _own(node, after) if old is None else _reshaping(before.node(old), node, after, told.get(node.name))
        causes[node.name] = _together([upstream, own])
    return causes


def _upstream(pairing: Pairing, node: Node, causes: dict[str, Names], gone: dict[str, Names]) -> Names:
    """What has reshaped the values that a layer reads, the removed ones that it read before among it."""
    old = pairing.old.get(node.name)
    read = pairing.before.node(old).inputs if old is not None else ()
    return _together([*(causes[name] for name in node.inputs), *(gone.get(name, ()) for name in read)])


def _own(node: Node, graph: Graph) -> Names:
    """The layer itself, where its output is not shaped as what it reads."""
    return (node.name,) if node.output != graph.tensor(node.inputs[0]) else ()


def _reshaping(old: Node, new: Node, after: Graph, told: LayerDifference | None) -> Names:
    """A changed layer itself, where what it was would give another shape from what is read now."""
    if told is None:
        return ()
    if told.reads:
        return (new.name,)
    try:
        return (new.name,) if old.op.infer(after.tensors(new.inputs)) != new.output else ()
    except ShapeError:
        return (new.name,)


def _together(causes: Iterable[Names]) -> Names:
    """All causes, each once."""
    return tuple(dict.fromkeys(name for some in causes for name in some))[:_MOST]
