"""Networks around each op: in a block that is used several times, and on sequences between layers of both orders.

A dense layer has the channels of a sequence last in PyTorch, a convolution has them first.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from archc.analysis import analyse
from archc.conformance.cases import Case, op_cases
from archc.graph import Node
from archc.ops import ops
from archc.tensor import Tensor

CHANNELS, LENGTH = 12, 10
_SEQUENCE, _MAPS = (CHANNELS, LENGTH), (CHANNELS, 9, 11)
_EACH = 3
"""Networks for each op, with other fields each."""
_INIT = {"weight_init": {"he_normal": {}}}
_DENSE = {"op": "dense", "units": CHANNELS}
_CONV = {"op": "conv1d", "filters": CHANNELS, "kernel": 1}
Spec = dict[str, Any]


@cache
def op_networks() -> tuple[Case, ...]:
    """All of these networks."""
    return tuple(case for name in ops() for case in _cases(name))


def _cases(name: str) -> Iterator[Case]:
    for number, (fields, node) in enumerate(_layers(name, _SEQUENCE)):
        yield _case(f"{name}_between_{number}", _SEQUENCE, _between(fields, node))
        yield _case(f"{name}_in_blocks_{number}", _SEQUENCE, _in_blocks(fields, node))
    for number, (fields, node) in enumerate(_layers(name, _MAPS)):
        yield _case(f"{name}_of_maps_in_blocks_{number}", _MAPS, _in_blocks_of_maps(fields, node))


def _layers(name: str, shape: tuple[int, ...]) -> list[tuple[Spec, Node]]:
    """Some layers of an op that reads values of one shape, with their fields."""
    found: dict[str, tuple[Spec, Node]] = {}
    for case in op_cases(name):
        graph = case.facts.graph
        node = graph.node("layer")
        if {x.shape for x in graph.tensors(node.inputs)} == {shape}:
            fields = node.op.model_dump(mode="json", exclude_unset=True)
            found[json.dumps(fields)] = (fields, node)
    return [*found.values()][:: max(1, len(found) // _EACH)][:_EACH]


def _case(name: str, shape: tuple[int, ...], spec: Spec) -> Case:
    head = {"schema": "archc/v1", "name": name, "input": {"x": [*shape]}}
    defaults = {"defaults": {"dense": _INIT, "conv1d": _INIT}}
    case = Case(name, json.dumps(head | defaults | spec))
    analysis = analyse(case.spec.encode(), name)
    assert analysis.facts is not None, (case.spec, analysis.findings)
    return case


def _between(fields: Spec, node: Node) -> Spec:
    """The layer with each order of its inputs, each read by layers of both orders."""
    layers: Spec = {"last": {**_DENSE, "from": "x"}, "first": {**_CONV, "from": "last"}}
    both = [["last", "first"], ["first", "last"]]
    reads = [[a, b, *[a] * len(node.inputs)][: len(node.inputs)] for a, b in both]
    for at, read in enumerate(reads):
        layers[f"layer{at}"] = {**fields, "from": read if len(read) > 1 else read[0]}
        layers |= _readers(f"layer{at}", node.output)
    read = {name for layer in layers.values() for name in _listed(layer["from"])}
    return {"layers": layers, "outputs": [name for name in layers if name not in read]}


def _readers(name: str, x: Tensor) -> Spec:
    if not x.is_sequence:
        return {}
    return {f"{name}_dense": {**_DENSE, "from": name}, f"{name}_conv": {**_CONV, "from": name}}


def _listed(read: str | list[str]) -> list[str]:
    return read if isinstance(read, list) else [read]


def _in_blocks(fields: Spec, node: Node) -> Spec:
    """A block of the layer that is used after layers of both orders, read by layers of both."""
    read: Any = ["input", "dense", *["input"] * len(node.inputs)][: len(node.inputs)]
    inner: Spec = {"dense": {**_DENSE}} if len(node.inputs) > 1 else {}
    inner["layer"] = {**fields, "from": read if len(read) > 1 else "input"}
    layers: Spec = {"last": {**_DENSE, "from": "x"}, "first": {**_CONV, "from": "last"}}
    layers |= {f"use{at}": {"block": "b", "from": read} for at, read in enumerate(("x", "last", "first"))}
    for at in range(3):
        layers |= _readers(f"use{at}", node.output)
    outputs = [name for name in layers if name.startswith("use")]
    return {"blocks": {"b": {"layers": inner}}, "layers": layers, "outputs": outputs}


def _in_blocks_of_maps(fields: Spec, node: Node) -> Spec:
    """A block of the layer that is used twice."""
    read: Any = ["input", "bend", *["input"] * len(node.inputs)][: len(node.inputs)]
    inner: Spec = {"bend": {"op": "tanh"}} if len(node.inputs) > 1 else {}
    inner["layer"] = {**fields, "from": read if len(read) > 1 else "input"}
    layers: Spec = {
        "other": {"op": "tanh"},
        "use0": {"block": "b", "from": "x"},
        "use1": {"block": "b", "from": "other"},
    }
    return {"blocks": {"b": {"layers": inner}}, "layers": layers, "outputs": ["use0", "use1"]}
