"""Advice on what is allowed but rarely intended.

There is one file per family; each function takes facts and returns findings.
"""

from __future__ import annotations

from collections.abc import Container

from archc.diagnostics.finding import Finding
from archc.graph import Graph
from archc.ops.properties import Loss
from archc.passes.advice.foreign_values import foreign_values
from archc.passes.advice.linearity import one_linear_function
from archc.passes.advice.normalisation import bias_before, dropout_before, no_relu_before, window_over_devices
from archc.passes.advice.outputs import several_outputs
from archc.passes.advice.probabilities import activated_scores, softmax_before_loss
from archc.passes.advice.weights import concentrated_parameters, default_initialisation, equal_biases
from archc.passes.advice.windows import dropped_input, paper_rounded_down, skipped_input, whole_map
from archc.passes.counts import Counts
from archc.passes.placement import Placement
from archc.passes.shapes import Shapes


def advise(
    graph: Graph,
    shapes: Shapes,
    counts: Counts,
    placement: Placement | None,
    loss: Loss,
    blamed: Container[tuple[str, str]],
    *,
    is_trained: bool,
    names_outputs: bool,
) -> list[Finding]:
    """Advice on a graph without errors. Without a placement, there is no advice about devices.

    `blamed` are fields of layers, as (layer, field), that an error says to change already. `is_trained` is whether the
    spec itself has a recipe, `names_outputs` whether it has `outputs:`.
    """
    return [
        *default_initialisation(graph),
        *dropped_input(graph, shapes, blamed),
        *skipped_input(graph, shapes),
        *no_relu_before(graph),
        *dropout_before(graph),
        *bias_before(graph, blamed),
        *softmax_before_loss(graph, loss),
        *activated_scores(graph, loss if is_trained else None),
        *equal_biases(graph, loss if is_trained else None),
        *one_linear_function(graph),
        *whole_map(graph, shapes, blamed),
        *(window_over_devices(graph, placement) if placement else []),
        *foreign_values(graph),
        *concentrated_parameters(graph, counts),
        *paper_rounded_down(graph, shapes, blamed),
        *several_outputs(graph, are_named=names_outputs),
    ]
