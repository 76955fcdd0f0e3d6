"""What a graph knows of its softmaxes: which are final, and which one a cross-entropy loss takes over."""

from collections.abc import Callable

import pytest

from archc.analysis import Facts
from archc.graph import Graph

HEAD = "schema: archc/v1\nname: small\ninput: {scores: [4, 1, 1]}\nlayers:\n  flat: {op: flatten}\n"
PROB = "  prob: {op: softmax, from: flat}\n"


@pytest.mark.parametrize(
    ("layers", "final", "fused"),
    [
        ("  relu1: {op: relu}\n", [], None),
        (PROB, ["prob"], "prob"),
        (PROB + "  relu1: {op: relu}\n", [], None),  # another layer reads it
        (PROB + "  relu1: {op: relu, from: flat}\n", ["prob"], None),  # two outputs: which one gets the loss?
        (PROB + "  mask: {op: softmax, from: flat}\n", ["mask", "prob"], None),
        (PROB + "outputs: [prob, flat]\n", ["prob"], None),
        (PROB + "outputs: [prob]\n", ["prob"], "prob"),
    ],
)
def test_a_softmax_is_fused_if_it_is_the_only_output(
    facts_of: Callable[[str], Facts], layers: str, final: list[str], fused: str | None
) -> None:
    graph = facts_of(HEAD + layers).graph
    assert sorted(graph.final_softmaxes) == final
    assert (graph.fused.name if graph.fused else None) == fused


def test_a_softmax_alone_is_not_fused(facts_of: Callable[[str], Facts]) -> None:
    """Without it the network would have no layer."""
    with_flatten = facts_of(HEAD + PROB).graph
    assert with_flatten.fused is not None
    alone = Graph("alone", "alone", {"flat": with_flatten.tensor("flat")}, with_flatten.nodes[1:], ("prob",))
    assert alone.final_softmaxes == {"prob"}
    assert alone.fused is None
