"""What the shapes of a network are at any size of its input: formulas of H, W and L for axes that a spec leaves free.

Nothing here knows an op: the network's shapes are inferred at many sizes, and the formulas follow from them. A size is
free only if no layer's parameters depend on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import gcd, lcm

from archc.diagnostics.finding import Finding, report
from archc.graph import Graph, Node
from archc.language.document import Spans
from archc.language.inference import inferred, named
from archc.ops.shape_error import ShapeError
from archc.tensor import FreeSize, Tensor

LARGEST_PERIOD = 1024
"""The longest period of a size's formula that is looked for: the product of all strides along a path."""

Sizes = Mapping[str, int]
"""A size for each free axis: {"H": 224, "W": 224}."""
_Tables = Mapping[str, Mapping[int, Mapping[str, Tensor]]]
"""For each free axis and some of its sizes, the shape of each value."""


@dataclass(frozen=True)
class Refusal:
    """The layer because of which a size cannot be free, and why."""

    node: Node
    reason: str


@dataclass(frozen=True)
class Axis:
    """A free axis: its symbol, the size for which figures are given, and its sizes: `first`, `first + step`, …"""

    symbol: str
    usual: int
    first: int
    step: int


@dataclass(frozen=True)
class FreeSizes:
    """The free axes of a network, and the network with free sizes that are printed as their formulas."""

    axes: tuple[Axis, ...]
    graph: Graph


def inferred_at(graph: Graph, sizes: Sizes) -> dict[str, Tensor] | Refusal:
    """The shapes of all values at other sizes of the inputs."""
    tensors = {name: _resized(x, graph.free.get(name, ()), sizes) for name, x in graph.inputs.items()}
    for node in graph.nodes:
        inputs, usual = tuple(tensors[name] for name in node.inputs), graph.tensors(node.inputs)
        if inputs == usual:
            tensors[node.name] = node.output
            continue
        try:
            tensors[node.name] = inferred(node.op, inputs)
        except ShapeError as error:
            return Refusal(node, named(error.message, node))
        if node.op.parameters(inputs) != node.op.parameters(usual):
            return Refusal(node, "its parameters depend on the size")
    return tensors


def resized(graph: Graph, sizes: Sizes) -> Graph | Refusal:
    """The graph at a size for each free axis; what is in the way if it cannot have them."""
    found = inferred_at(graph, sizes)
    if isinstance(found, Refusal):
        return found
    # At the usual size, those of the graph are inferred, which print as their formulas.
    tensors = {name: Tensor(tuple(map(int, x.shape)), x.vocabulary) for name, x in found.items()}
    nodes = tuple(replace(node, output=tensors[node.name]) for node in graph.nodes)
    return replace(graph, inputs={name: tensors[name] for name in graph.inputs}, nodes=nodes, free={})


def free_sizes(graph: Graph) -> FreeSizes | Refusal:
    """The formulas of a graph whose inputs have free axes; what is in the way if a size cannot be free."""
    nominal = {
        symbol: size
        for name, symbols in graph.free.items()
        for symbol, size in zip(symbols, graph.inputs[name].shape, strict=True)
        if symbol is not None
    }
    axes: list[Axis] = []
    tables: dict[str, dict[int, dict[str, Tensor]]] = {}
    for symbol in nominal:
        found = _table(graph, nominal, symbol)
        if isinstance(found, Refusal):
            return found
        tables[symbol] = found
        sizes = sorted(found)
        step = gcd(*(size - sizes[0] for size in sizes))
        axes.append(Axis(symbol, nominal[symbol], _smallest(graph, nominal, symbol, sizes[0], step), step))
    together = inferred_at(graph, {axis.symbol: axis.usual + axis.step for axis in axes})
    if isinstance(together, Refusal):
        return together
    # Paddings of strides repeat with the period of a table.
    tried = [*(shapes for table in tables.values() for shapes in table.values()), together]

    def printed(name: str) -> Tensor:
        x = graph.tensor(name)
        sizes = zip(x.shape, zip(*(shapes[name].shape for shapes in tried), strict=True), strict=True)
        free = (_size(tables, name, place, *each) for place, each in enumerate(sizes))
        return Tensor(tuple(free), x.vocabulary)

    nodes = tuple(replace(node, output=printed(node.name)) for node in graph.nodes)
    return FreeSizes(tuple(axes), replace(graph, inputs={name: printed(name) for name in graph.inputs}, nodes=nodes))


def _size(tables: _Tables, name: str, place: int, usual: int, others: tuple[int, ...]) -> int:
    formula = _formula(tables, name, place, usual)
    return usual if formula is None else FreeSize(usual, formula, others)


def not_free(refusal: Refusal, spans: Spans, graph: Graph) -> Finding:
    """The finding on the first input with a free size, beside the layer that needs a size."""
    name = next(iter(graph.free))
    node, shape = refusal.node, [size if symbol is None else f"any {symbol}" for symbol, size in _axes(graph, name)]
    sizes = ", ".join(map(str, shape))
    return report(
        spans.value("input", name),
        "ARC212",
        f"{name} cannot be {sizes}: {node.name} needs one size",
        notes=[refusal.reason],
        help=f"write the sizes, such as `{name}: {graph.inputs[name].written}`",
        related=[(node.span, f"{node.name} reads {_read(graph, node)}")],
    )


def _axes(graph: Graph, name: str) -> Iterable[tuple[str | None, int]]:
    return zip(graph.free[name], graph.inputs[name].shape, strict=True)


def _read(graph: Graph, node: Node) -> str:
    return " and ".join(x.described for x in graph.tensors(node.inputs)) + " at the usual size"


def _resized(x: Tensor, symbols: Sequence[str | None], sizes: Sizes) -> Tensor:
    if not symbols:
        return x
    shape = tuple(size if symbol is None else sizes[symbol] for size, symbol in zip(x.shape, symbols, strict=True))
    return Tensor(shape, x.vocabulary)


def _table(graph: Graph, nominal: Sizes, symbol: str) -> dict[int, dict[str, Tensor]] | Refusal:
    """The shapes of all values at the sizes that are possible in two periods from the nominal size."""
    period = _period(graph, nominal, symbol)
    if isinstance(period, Refusal):
        return period
    first = nominal[symbol]
    found: dict[int, dict[str, Tensor]] = {}
    for size in range(first, first + 2 * period + 1):
        shapes = inferred_at(graph, {**nominal, symbol: size})
        if not isinstance(shapes, Refusal):
            found[size] = shapes
        # A size may be impossible, but not if it was possible one period before: larger and larger ones never are then.
        elif size - period in found:
            return shapes
    return found


def _period(graph: Graph, nominal: Sizes, symbol: str) -> int | Refusal:
    """A number of pixels after which all sizes repeat, each larger by a whole number: the product of the strides."""
    periods: dict[str, int] = dict.fromkeys(graph.inputs, 1)
    for node in graph.nodes:
        strides = {1}
        window = node.op.window(graph.tensors(node.inputs))
        if window is not None:
            strides.add(window.stride.height if symbol == "H" else window.stride.width)
        for x in graph.tensors(node.inputs):
            strides |= {a // b for a, b in zip(x.shape[1:], node.output.shape[1:], strict=False) if a % b == 0}
        period = lcm(*(periods[name] for name in node.inputs)) * max(strides)
        periods[node.name] = period if period <= LARGEST_PERIOD else 1
        if period > LARGEST_PERIOD and not _is_global(node.output):
            return Refusal(node, f"its strides multiply to {period:,}; the limit is {LARGEST_PERIOD:,}")
    return max(periods.values(), default=1)


def _is_global(output: Tensor) -> bool:
    """Whether a layer leaves no free size: what is after it does not depend on it."""
    return output.places == 1


def _smallest(graph: Graph, nominal: Sizes, symbol: str, known: int, step: int) -> int:
    """The smallest size that all layers take, found by halving."""
    low, high = 0, (known - 1) // step
    while low < high:
        down = (low + high + 1) // 2
        if isinstance(inferred_at(graph, {**nominal, symbol: known - down * step}), Refusal):
            high = down - 1
        else:
            low = down
    return known - low * step


def _formula(tables: _Tables, name: str, place: int, nominal: int) -> str | None:
    """The formula of one size of a value, of the free axes that it depends on; None if it depends on none."""
    factors: list[str] = []
    constant = nominal
    for symbol, table in tables.items():
        values = {size: shapes[name].shape[place] for size, shapes in table.items()}
        if len(set(values.values())) == 1:
            continue
        if constant == nominal and not factors and _is_alone(tables, symbol, name, place):
            return _fitted(symbol, values)
        common = gcd(*values.values())
        factors.append(_fitted(symbol, {size: value // common for size, value in values.items()}))
        constant //= values[min(values)] // common
    if not factors:
        return None
    bracketed = [factor if factor.isidentifier() else f"({factor})" for factor in factors]
    return " × ".join([*([str(constant)] if constant != 1 else []), *bracketed])


def _is_alone(tables: _Tables, symbol: str, name: str, place: int) -> bool:
    """Whether a size depends on no other axis."""
    others = (table for other, table in tables.items() if other != symbol)
    return all(len({shapes[name].shape[place] for shapes in table.values()}) == 1 for table in others)


def _fitted(symbol: str, values: Mapping[int, int]) -> str:
    """The formula of a size, as a person writes it: `H - 4`, `2 H`, `H / 8`, `ceil(H / 2)`, `floor((H - 3) / 4)`."""
    sizes = sorted(values)
    ahead = (values[sizes[-1]] - values[sizes[0]], sizes[-1] - sizes[0])
    for formula in (_linear, _stepped):
        if text := formula(symbol, values, ahead):
            return text
    return f"f({symbol})"


def _linear(symbol: str, values: Mapping[int, int], ahead: tuple[int, int]) -> str | None:
    """(rise x + offset) / run, if it is exact at all sizes."""
    shared = gcd(*ahead)
    rise, run = ahead[0] // shared, ahead[1] // shared
    offsets = {run * value - rise * size for size, value in values.items()}
    if len(offsets) > 1:
        return None
    (offset,) = offsets
    times = symbol if rise == 1 else f"{rise} {symbol}"
    if offset % run == 0:  # H / 8 + 1
        divided = times if run == 1 else f"{times} / {run}"
        return divided + _signed(offset // run)
    return f"({times}{_signed(offset)}) / {run}"


def _stepped(symbol: str, values: Mapping[int, int], ahead: tuple[int, int]) -> str | None:
    """height × floor((x + offset) / run) + base, the form of all windows and of what repeats pixels."""
    sizes = sorted(values)
    height = gcd(*(values[b] - values[a] for a, b in pairwise(sizes)))
    if not height or (ahead[1] * height) % ahead[0]:
        return None
    run, base = ahead[1] * height // ahead[0], values[sizes[0]] % height
    counts = {size: (value - base) // height for size, value in values.items()}
    least = max(count * run - size for size, count in counts.items())
    most = min((count + 1) * run - 1 - size for size, count in counts.items())
    if least > most:
        return None
    if least <= run - 1 <= most:
        text = f"ceil({symbol} / {run})"
    else:
        offset = min(max(0, least), most)
        text = f"floor({symbol} / {run})" if offset == 0 else f"floor(({symbol}{_signed(offset)}) / {run})"
    return (text if height == 1 else f"{height} {text}") + _signed(base)


def _signed(offset: int) -> str:
    return "" if offset == 0 else f" + {offset}" if offset > 0 else f" - {-offset}"
