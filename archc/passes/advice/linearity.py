"""Linearity: learned layers with nothing nonlinear between them, which together compute one linear function.

Some networks have such layers on purpose, to compute a large linear function with few weights. There is no advice on
those: depthwise convolutions, windows split into rows and columns, and linear bottlenecks.
"""

from __future__ import annotations

from math import gcd, prod
from typing import NamedTuple

from archc.diagnostics.finding import Finding, report
from archc.graph import Graph, Node
from archc.ops.fields import ONE
from archc.ops.weighted import Weighted
from archc.ops.window import Window
from archc.tensor import Tensor
from archc.wording import MOST_NAMED, listed

# A concatenation of more linear branches is not followed: their number would grow from one to the next.
_MOST_BRANCHES = 100


class _Link(NamedTuple):
    """A learned layer that reads others with only linear layers between them: of several, through a concatenation."""

    firsts: tuple[Node, ...]
    second: Node


def one_linear_function(graph: Graph) -> list[Finding]:
    """Learned layers in a row without an activation: one finding for all that follow on one another."""
    runs: dict[str, list[_Link]] = {}
    for link in _links(graph):
        if _is_intended(graph, link):
            continue
        names = [node.name for node in (*link.firsts, link.second)]
        # Each layer of a run leads to the same list.
        joined = list({id(runs[name]): runs[name] for name in names if name in runs}.values())
        run = joined[0] if joined else []
        for other in joined[1:]:
            run += other
            runs |= dict.fromkeys((node.name for each in other for node in (*each.firsts, each.second)), run)
        run.append(link)
        runs |= dict.fromkeys(names, run)
    found = {id(run): run for run in runs.values()}
    return [_finding(graph, run) for run in found.values()]


def _links(graph: Graph) -> list[_Link]:
    """The learned layers that read other ones through linear layers only."""
    linear = _read_linearly(graph)
    # By value: the learned layers that it is a linear function of, by name.
    origins: dict[str, dict[str, Node]] = {}
    links: list[_Link] = []
    for node in graph.nodes:
        if not _passes_on(graph, node):
            continue
        branches = [origins.get(name, {}) for name in node.inputs]
        # Beside a branch that no learned layer computes, the others add to what is there, as in a dense block.
        found = {name: first for branch in branches for name, first in branch.items()} if all(branches) else {}
        if not isinstance(node.op, Weighted):
            origins[node.name] = found if len(found) <= _MOST_BRANCHES else {}
            continue
        if found:
            links.append(_Link(tuple(found.values()), node))
        if node.name in linear:
            origins[node.name] = {node.name: node}
    return links


def _passes_on(graph: Graph, node: Node) -> bool:
    """Whether it is linear and has one input, or places several side by side. A sum belongs to a residual block."""
    several = len(node.inputs) > 1
    return node.op.is_linear and not (several and node.op.element_ops(graph.tensors(node.inputs), node.output))


def _read_linearly(graph: Graph) -> set[str]:
    """The layers whose values only learned layers read, directly or through linear layers."""
    found: set[str] = set()
    outputs = set(graph.outputs)
    for node in reversed(graph.nodes):
        readers = graph.readers[node.name]
        # Another reader may be the nonlinear branch beside a linear shortcut.
        linear = all(
            _passes_on(graph, reader) and (isinstance(reader.op, Weighted) or reader.name in found)
            for reader in readers
        )
        if readers and linear and node.name not in outputs:
            found.add(node.name)
    return found


def _is_intended(graph: Graph, link: _Link) -> bool:
    """Whether the layers are a known way to compute a large linear function with few weights."""
    firsts, second = link
    (middle,) = graph.tensors(second.inputs)
    two = second.op.window((middle,))
    windows = [first.op.window(graph.tensors(first.inputs)) for first in firsts]
    weights = sum(_weights(graph, node) for node in (*firsts, second))
    given = {first.inputs[0]: graph.tensor(first.inputs[0]) for first in firsts}
    if two is None or None in windows:
        # Dense layers, or layers that enlarge maps: a product of two matrices. If a flatten comes between them, a dense
        # layer reads all positions, each of which a kernel of one pixel reduces.
        is_product = all(window is None or window.kernel == ONE for window in windows)
        read = sum(map(_at_once, given.values())) if second.output.is_sequence else sum(x.size for x in given.values())
        return is_product and weights < read * _at_once(second.output)
    if any(_is_depthwise(graph, first) != _is_depthwise(graph, second) for first in firsts):
        return True
    ones = {first.name: window for first, window in zip(firsts, windows, strict=True) if window is not None}
    kernels = [one.kernel for one in ones.values()]
    if ONE not in (*kernels, two.kernel):
        # A window over rows and one over columns, in either order.
        return any({one.height, two.kernel.width} == {1} or {one.width, two.kernel.height} == {1} for one in kernels)
    maps, taken = middle.channels, second.output.channels
    if all(one == two.kernel for one in kernels) and maps <= sum(x.channels for x in given.values()) and maps < taken:
        return True  # the end of an inverted residual block, and the beginning of the next
    at_once = 0
    for name, x in given.items():
        own = [first for first in firsts if first.inputs[0] == name]
        groups = gcd(second.op.reach().groups or 1, *(each.op.reach().groups or 1 for each in own))
        at_once += x.channels * taken * max(_area_of_both(ones[each.name], two) for each in own) // groups
    return weights < at_once


def _at_once(x: Tensor) -> int:
    """The values that a dense layer reads or gives at once: of a sequence, those of one position."""
    return x.channels if x.is_sequence else x.size


def _area_of_both(one: Window, two: Window) -> int:
    """The most pixels that two windows, one after the other, read."""
    return prod(
        min(one.kernel[at] * two.kernel[at], (second.f - 1) * first.s + first.f)
        for at, first, second in ((0, one.vertical, two.vertical), (1, one.horizontal, two.horizontal))
    )


def _is_depthwise(graph: Graph, node: Node) -> bool:
    """Whether each filter reads one map of several."""
    (x,) = graph.tensors(node.inputs)
    return x.channels > 1 and node.op.reach().groups == x.channels


def _weights(graph: Graph, node: Node) -> int:
    return node.op.numbers(graph.tensors(node.inputs)).weights


def _finding(graph: Graph, run: list[_Link]) -> Finding:
    layers = {node.name: node for link in run for node in (*link.firsts, link.second)}
    names = [node.name for node in graph.nodes if node.name in layers] if len(run) > 1 else list(layers)
    together = listed(names) if len(names) > MOST_NAMED else f"{listed(names[:-1])} and {names[-1]}"
    (first, *others), second = run[0]
    between = graph.between(first, second)
    notes = ["a linear function of a linear function is linear, whatever the weights"]
    if between:
        is_or_are = "is" if len(between) == 1 else "are"
        notes.append(f"{listed([node.name for node in between])} between them {is_or_are} linear in inference")
    if not others and not any(node.op.window(graph.tensors(node.inputs)) for node in (first, second)):
        notes.append(_figures(graph, first, second))
    # Only the first are named, so only those are worth a search.
    named = [_before_activation(graph, link) for link in run[:MOST_NAMED]]
    after = list(dict.fromkeys(node.name for node in (*named, *(link.firsts[0] for link in run[MOST_NAMED:]))))
    return report(
        first.at("op"),
        "ARC915",
        f"{together} have no activation between them: they compute one linear function",
        notes=notes,
        help=f"add a layer `{{op: relu}}` after {'each of ' if len(after) > 1 else ''}{listed(after)}",
        related=[(second.at("op"), f"{second.name} reads it")],
        layer=first.name,
    )


def _before_activation(graph: Graph, link: _Link) -> Node:
    """The layer after which an activation belongs: a batch normalisation or a concatenation comes before it."""
    between = graph.between(link.firsts[0], link.second)
    ends = [node for node in between if node.op.normalises or len(node.inputs) > 1]
    return ends[-1] if ends else link.firsts[0]


def _figures(graph: Graph, first: Node, second: Node) -> str:
    """The parameters of two dense layers, and of the one that computes the same."""
    (x,) = graph.tensors(first.inputs)
    both = [node.op.numbers(graph.tensors(node.inputs)).trained for node in (first, second)]
    units = _at_once(second.output)
    read = _at_once(x) if second.output.is_sequence else x.size
    return (
        f"{first.name} and {second.name} have {both[0]:,} + {both[1]:,} parameters; one layer of {units:,} units has "
        f"{read:,} × {units:,} + {units:,} = {read * units + units:,}"
    )
