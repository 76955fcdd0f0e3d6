"""Outputs: several layers that no layer reads, where the spec does not name the outputs."""

from __future__ import annotations

from archc.diagnostics.finding import Finding, report
from archc.graph import Graph
from archc.ops import ops
from archc.wording import MOST_NAMED, joined, listed

# Of very many outputs, only the first are marked.
_MOST_MARKED = 5


def several_outputs(graph: Graph, *, are_named: bool) -> list[Finding]:
    """One finding for all layers that no layer reads, if there are several: all but one may be forgotten branches."""
    names = graph.outputs
    if are_named or len(names) < 2:
        return []
    first, *others = (graph.node(name) for name in names[:_MOST_MARKED])
    listing = listed(names) if len(names) > MOST_NAMED else f"{', '.join(names[:-1])} and {names[-1]}"
    written = f"`outputs: [{', '.join(names)}]`" if len(names) <= MOST_NAMED else "`outputs:`"
    joining = joined([f"`{name}`" for name, op in ops().items() if op.arity[1] is None], "or")
    return [
        report(
            first.span,
            "ARC918",
            f"{listing} are read by no layer, so the network has {len(names)} outputs",
            help=f"join them with {joining}, or name them in {written}",
            related=[(node.span, "not read either") for node in others],
            layer=first.name,
        )
    ]
