"""Linearity: learned layers with nothing nonlinear between them, which together compute one linear function.

Some networks have such layers on purpose, to compute a large linear function with few weights. There is no advice on
those: depthwise convolutions, windows split into rows and columns, and linear bottlenecks.
"""

from __future__ import annotations

from math import gcd
from typing import NamedTuple

from archc.diagnostics.finding import Finding, report
from archc.graph import Graph, Node
from archc.ops.fields import ONE
from archc.ops.weighted import Weighted
from archc.wording import MOST_NAMED, listed


class _Pair(NamedTuple):
    """Two learned layers with only linear layers between them."""

    first: Node
    second: Node


def one_linear_function(graph: Graph) -> list[Finding]:
    """Learned layers in a row without an activation: one finding for all that follow on one another."""
    runs: dict[str, list[_Pair]] = {}
    for pair in _pairs(graph):
        if not _is_intended(graph, pair):
            run = runs.setdefault(pair.first.name, [])
            run.append(pair)
            runs[pair.second.name] = run
    # Each layer of a run leads to the same list.
    found = {id(run): run for run in runs.values()}
    return [_finding(graph, run) for run in found.values()]


def _pairs(graph: Graph) -> list[_Pair]:
    """The learned layers that read another one through linear layers only."""
    linear = _read_linearly(graph)
    # By value: the learned layer that it is a linear function of.
    origins: dict[str, Node] = {}
    pairs: list[_Pair] = []
    for node in graph.nodes:
        source, *others = node.inputs
        if not node.op.is_linear or others:
            continue
        origin = origins.get(source)
        if not isinstance(node.op, Weighted):
            if origin is not None:
                origins[node.name] = origin
            continue
        if origin is not None:
            pairs.append(_Pair(origin, node))
        if node.name in linear:
            origins[node.name] = node
    return pairs


def _read_linearly(graph: Graph) -> set[str]:
    """The layers whose values only learned layers read, directly or through linear layers with one input."""
    found: set[str] = set()
    outputs = set(graph.outputs)
    for node in reversed(graph.nodes):
        readers = graph.readers[node.name]
        # Another reader may be the nonlinear branch beside a linear shortcut.
        linear = all(
            reader.op.is_linear
            and len(reader.inputs) == 1
            and (isinstance(reader.op, Weighted) or reader.name in found)
            for reader in readers
        )
        if readers and linear and node.name not in outputs:
            found.add(node.name)
    return found


def _is_intended(graph: Graph, pair: _Pair) -> bool:
    """Whether the two layers are a known way to compute a large linear function with few weights."""
    first, second = pair.first, pair.second
    (x,), (middle,) = graph.tensors(first.inputs), graph.tensors(second.inputs)
    one, two = first.op.window((x,)), second.op.window((middle,))
    if one is None and two is None:  # two dense layers: a product of two matrices
        return _weights(graph, first) + _weights(graph, second) < x.size * second.output.size
    if one is None or two is None:
        # A flatten comes between them: a dense layer reads all positions, each of which a kernel of one pixel reduces.
        is_pointwise = one is not None and one.kernel == ONE
        return is_pointwise and _weights(graph, first) + _weights(graph, second) < x.size * second.output.size
    if _is_depthwise(graph, first) != _is_depthwise(graph, second):
        return True
    if ONE not in (one.kernel, two.kernel):
        # A window over rows and one over columns, in either order.
        return {one.kernel.height, two.kernel.width} == {1} or {one.kernel.width, two.kernel.height} == {1}
    given, maps, taken = x.channels, first.output.channels, second.output.channels
    if one.kernel == two.kernel and maps <= given and maps < taken:
        return True  # the end of an inverted residual block, and the beginning of the next
    groups = gcd(first.op.reach().groups or 1, second.op.reach().groups or 1)
    at_once = given * taken * one.kernel.area * two.kernel.area // groups
    return _weights(graph, first) + _weights(graph, second) < at_once


def _is_depthwise(graph: Graph, node: Node) -> bool:
    """Whether each filter reads one map of several."""
    (x,) = graph.tensors(node.inputs)
    return x.channels > 1 and node.op.reach().groups == x.channels


def _weights(graph: Graph, node: Node) -> int:
    return node.op.numbers(graph.tensors(node.inputs)).weights


def _finding(graph: Graph, run: list[_Pair]) -> Finding:
    names = list(dict.fromkeys(node.name for pair in run for node in (pair.first, pair.second)))
    together = listed(names) if len(names) > MOST_NAMED else f"{listed(names[:-1])} and {names[-1]}"
    first, second = run[0]
    between = graph.between(first, second)
    notes = ["a linear function of a linear function is linear, whatever the weights"]
    if between:
        is_or_are = "is" if len(between) == 1 else "are"
        notes.append(f"{listed([node.name for node in between])} between them {is_or_are} linear in inference")
    if first.op.window(graph.tensors(first.inputs)) is None:
        notes.append(_figures(graph, first, second))
    # Only the first are named, so only those are worth a search.
    named = [_last_norm(graph, pair) for pair in run[:MOST_NAMED]]
    after = list(dict.fromkeys(node.name for node in (*named, *(pair.first for pair in run[MOST_NAMED:]))))
    return report(
        first.at("op"),
        "ARC915",
        f"{together} have no activation between them: they compute one linear function",
        notes=notes,
        help=f"add a layer `{{op: relu}}` after {'each of ' if len(after) > 1 else ''}{listed(after)}",
        related=[(second.at("op"), f"{second.name} reads it")],
    )


def _last_norm(graph: Graph, pair: _Pair) -> Node:
    """The layer after which an activation belongs: a batch normalisation comes before it."""
    norms = [node for node in graph.between(pair.first, pair.second) if node.op.normalises]
    return norms[-1] if norms else pair.first


def _figures(graph: Graph, first: Node, second: Node) -> str:
    """The parameters of two dense layers, and of the one that computes the same."""
    (x,) = graph.tensors(first.inputs)
    both = [node.op.numbers(graph.tensors(node.inputs)).trained for node in (first, second)]
    units = second.output.size
    return (
        f"{first.name} and {second.name} have {both[0]:,} + {both[1]:,} parameters; one layer of {units:,} units has "
        f"{x.size:,} × {units:,} + {units:,} = {x.size * units + units:,}"
    )
