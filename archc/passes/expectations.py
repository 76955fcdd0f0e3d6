"""Whether the spec's expectations are met: shapes of layers, totals, memory, exchanges. The ones that are met are facts
too.

The modules that explain a failed expectation are imported only then: start-up is most of what a check takes.
"""

from __future__ import annotations

from dataclasses import dataclass

from archc.diagnostics.finding import Finding, report
from archc.graph import Graph
from archc.language.document import Spans
from archc.language.spec import Expect, Parallel
from archc.passes.counts import Counts
from archc.passes.device_memory import device_memory
from archc.passes.placement import Placement
from archc.passes.shapes import Shapes
from archc.passes.training_step import PLAIN, TrainingStep
from archc.source import Span

# An explanation follows the whole chain of layers: of thousands of wrong shapes, only the first are explained.
_EXPLAINED = 20


@dataclass(frozen=True)
class Held:
    """The layers whose expected shape is met, and the totals that are met."""

    layers: tuple[str, ...] = ()
    totals: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        return len(self.layers) + len(self.totals)


def check_layers(graph: Graph, facts: Shapes, expect: Expect | None = None) -> tuple[Held, list[Finding]]:
    """Compare each layer's expected shape with its output. Only the first wrong layer of a chain is reported.

    The expected totals of a whole graph can tell which of a layer's fields is wrong.
    """
    held: list[str] = []
    findings: list[Finding] = []
    wrong: set[str] = set()
    told: set[Span] = set()
    for node in graph.nodes:
        # A layer after a wrong one has a wrong shape as a consequence. Its expectation can still be met.
        if any(name in wrong for name in node.inputs):
            wrong.add(node.name)
        for expecting in (node, *graph.expected.get(node.name, ())):
            if expecting.expected == node.output.shape:
                held.append(node.name)
            # What is written once for several layers is one mistake, which has to suit all of them.
            elif expecting.expected is not None and (node.name not in wrong or expecting.at("expect") in told):
                from archc.passes.unexpected_shape import unexpected_shape

                wrong.add(node.name)
                told.add(expecting.at("expect"))
                trusted = set(held) if len(findings) < _EXPLAINED else None
                findings.append(unexpected_shape(graph, facts, expecting, expecting.expected, trusted, _totals(expect)))
    return Held(layers=tuple(held)), findings


def _totals(expect: Expect | None) -> dict[str, int]:
    """The totals that a spec expects, by name."""
    given = {"parameters": expect.parameters, "macs": expect.macs} if expect else {}
    return {field: number for field, number in given.items() if number is not None}


def check_totals(
    expect: Expect, spans: Spans, graph: Graph, counts: Counts, parallel: Parallel | None, batch: int
) -> tuple[Held, list[Finding], list[Graph]]:
    """Compare the expected parameters and MACs with the counts.

    Also returns the networks without the mistake that explains a difference.
    """
    expected = _totals(expect)
    held = Held(totals=tuple(field for field, number in expected.items() if number == getattr(counts, field)))
    if len(held.totals) == len(expected):
        return held, [], []
    from archc.passes.unexpected_total import Exchanges, unexpected_totals

    due = None if parallel is None or expect.exchanges is None else Exchanges(expect.exchanges, parallel, batch)
    return held, *unexpected_totals(spans, graph, counts, expected, due)


def check_memory(
    expect: Expect,
    spans: Spans,
    graph: Graph,
    placement: Placement | None,
    batch: int,
    step: TrainingStep = PLAIN,
) -> tuple[Held, list[Finding]]:
    """Compare the peak memory of a training step on one device with the expected limit."""
    if expect.memory is None:
        return Held(), []
    found = device_memory(graph, placement, batch=batch, step=step)
    if found.peak <= expect.memory:
        return Held(totals=("memory",)), []
    from archc.passes.unexpected_memory import unexpected_memory

    span = spans.value("expect", "memory")
    return Held(), [unexpected_memory(span, graph, placement, found, batch=batch, expected=expect.memory, step=step)]


def check_exchanges(
    expect: Expect, spans: Spans, graph: Graph, placement: Placement | None
) -> tuple[Held, list[Finding]]:
    """Compare the expected exchanges with those of the placement."""
    if expect.exchanges is None:
        return Held(), []
    if placement is None:
        span = spans.value("expect", "exchanges")
        help = "declare the split: `parallel: {devices: 2, strategy: columns}`"
        return Held(), [report(span, "ARC303", "exchanges are expected on a single device", help=help)]
    if sorted(exchange.layer for exchange in placement.exchanges) == sorted(expect.exchanges):
        return Held(totals=("exchanges",)), []
    from archc.passes.unexpected_exchange import unexpected_exchange

    return Held(), [unexpected_exchange(spans, graph, placement, expect.exchanges)]
