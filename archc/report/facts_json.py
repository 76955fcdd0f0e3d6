"""A network's facts for programs."""

from __future__ import annotations

from archc.analysis import Facts


def as_json(facts: Facts) -> dict[str, object]:
    """The facts as plain data; shapes without the batch axis."""
    graph, placement = facts.graph, facts.placement
    return {
        "name": graph.name,
        "title": graph.title,
        "inputs": {name: list(tensor.shape) for name, tensor in graph.inputs.items()},
        "outputs": list(graph.outputs),
        "layers": [
            {
                "name": node.name,
                "op": node.op.op,
                "from": list(node.inputs),
                "window": node.op.summary(),
                "size": facts.shapes.windows[node.name].arithmetic if node.name in facts.shapes.windows else None,
                "output": list(node.output.shape),
                "parameters": facts.counts.layers[node.name].parameters,
                "macs": facts.counts.layers[node.name].macs,
            }
            for node in graph.nodes
        ],
        "chain": [list(size) for size in facts.shapes.chain],
        "parameters": facts.counts.parameters,
        "macs": facts.counts.macs,
        "held": {"layers": list(facts.held.layers), "totals": list(facts.held.totals)},
        "placement": None
        if placement is None
        else {
            "strategy": placement.strategy,
            "devices": placement.devices,
            "exchanges": [{"layer": e.layer, "kind": e.kind, "values": e.values} for e in placement.exchanges],
        },
    }
