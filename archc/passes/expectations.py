"""Whether what the spec expects holds: shapes of layers, totals, exchanges. What held is a fact worth printing too.

Why something fails is looked for by modules that are imported only then: start-up is most of what a check takes.
"""

from __future__ import annotations

from dataclasses import dataclass

from archc.diagnostics.finding import Finding, report
from archc.graph import Graph
from archc.language.reader import plain
from archc.language.spec import Document
from archc.passes.counts import Counts
from archc.passes.device_memory import device_memory
from archc.passes.placement import Placement
from archc.passes.shapes import Shapes

# A cause is looked for along the whole chain, so of thousands of wrong shapes only the first are explained.
_EXPLAINED = 20


@dataclass(frozen=True)
class Held:
    """The layers whose shape was as expected, and the totals that were."""

    layers: tuple[str, ...] = ()
    totals: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        return len(self.layers) + len(self.totals)


def check_layers(document: Document, graph: Graph, facts: Shapes) -> tuple[Held, list[Finding]]:
    """Compare `expect:` of each layer with its output. A layer downstream of one that failed is not reported again."""
    held: list[str] = []
    findings: list[Finding] = []
    tainted: set[str] = set()
    for node in graph.nodes:
        expected = document.node("layers", node.name, "expect")
        if any(name in tainted for name in node.inputs):
            tainted.add(node.name)
        if expected is None:
            continue
        shape = plain(expected)
        if not isinstance(shape, list) or not shape or any(type(n) is not int for n in shape):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            message = "`expect` takes a shape: [channels, height, width] or [units]"
            findings.append(report(expected.span, "ARC104", message))
        elif shape == list(node.output.shape):
            held.append(node.name)
        elif node.name not in tainted:
            from archc.passes.unexpected_shape import unexpected_shape

            tainted.add(node.name)
            trusted = set(held) if len(findings) < _EXPLAINED else None
            findings.append(unexpected_shape(document, graph, facts, node, shape, trusted))  # pyright: ignore[reportUnknownArgumentType]
    return Held(layers=tuple(held)), findings


def check_totals(document: Document, counts: Counts) -> tuple[Held, list[Finding]]:
    """Compare the expected parameters and MACs with those counted."""
    held: list[str] = []
    findings: list[Finding] = []
    expect = document.spec.expect
    for field, expected, found in (
        ("parameters", expect.parameters, counts.parameters),
        ("macs", expect.macs, counts.macs),
    ):
        if expected == found:
            held.append(field)
        elif expected is not None:
            findings.append(_unexpected_total(document, counts, field, expected, found))
    return Held(totals=tuple(held)), findings


def _unexpected_total(document: Document, counts: Counts, field: str, expected: int, found: int) -> Finding:
    most = sorted(counts.layers, key=lambda name: -getattr(counts.layers[name], field))[:3]
    shares = ", ".join(f"{name} {share:,}" for name in most if (share := getattr(counts.layers[name], field)))
    word = "MACs" if field == "macs" else field
    message = f"the network has {found:,} {word}, not {expected:,}"
    notes = [f"{found:,} - {expected:,} = {found - expected:+,}", f"the most are in {shares}" if shares else ""]
    help = f"`{field}: {found}` is what the layers give"
    return report(document.span("expect", field), "ARC302", message, notes=notes, help=help)


def check_memory(
    document: Document, graph: Graph, placement: Placement | None, batch: int
) -> tuple[Held, list[Finding]]:
    """Compare the memory that a training step may take on a device with its peak."""
    expected = document.spec.expect.memory
    if expected is None:
        return Held(), []
    found = device_memory(graph, placement, batch=batch)
    if found.peak <= expected:
        return Held(totals=("memory",)), []
    from archc.passes.unexpected_memory import unexpected_memory

    return Held(), [unexpected_memory(document, graph, placement, found, batch=batch, expected=expected)]


def check_exchanges(document: Document, graph: Graph, placement: Placement | None) -> tuple[Held, list[Finding]]:
    """Compare the expected exchanges with those that the placement needs."""
    expected = document.spec.expect.exchanges
    if expected is None:
        return Held(), []
    span = document.span("expect", "exchanges")
    if placement is None:
        help = "declare the split: `parallel: {devices: 2, strategy: columns}`"
        return Held(), [report(span, "ARC303", "exchanges are expected, but nothing is parallel", help=help)]
    if sorted(exchange.layer for exchange in placement.exchanges) == sorted(expected):
        return Held(totals=("exchanges",)), []
    from archc.passes.unexpected_exchange import unexpected_exchange

    return Held(), [unexpected_exchange(document, graph, placement, expected)]
