"""The source plan: names that the target can use, the softmax that the loss takes over, chains and graphs."""

from __future__ import annotations

import pytest

from archc.analysis import Facts, analyse
from archc.backend import Origin, Request
from archc.emit.plan import SourcePlan, plan
from archc.ops.initialisation import HE_NORMAL, WeightInit

RESERVED = {"forward", "training", "Tensor", "taken"}
CHAIN = """
  conv1: {op: conv2d, filters: 4, kernel: 3}
  flat: {op: flatten}
  fc: {op: dense, units: 5, bias: false, weight_init: {normal: {std: 0.5}}}
"""


def facts(layers: str, *, name: str = "net", image: str = "image", more: str = "") -> Facts:
    text = f"schema: archc/v1\nname: {name}\ninput: {{{image}: [3, 8, 8]}}\n{more}\nlayers:\n{layers}"
    analysis = analyse(text.encode(), "net.yaml")
    assert analysis.facts is not None, analysis.findings
    return analysis.facts


def planned(layers: str, **options: str) -> SourcePlan:
    found = facts(layers, **options)
    return plan(Request(found.graph, found.counts, found.recipe, Origin("spec.yaml", "0" * 64)), RESERVED)


@pytest.mark.parametrize(
    ("name", "identifier"),
    [
        ("conv1", "conv1"),
        ("class", "class_"),
        ("None", "None_"),
        ("match", "match"),  # a soft keyword is a name
        ("forward", "forward_"),
        ("Forward", "Forward"),
    ],
)
def test_a_layer_s_identifier(name: str, identifier: str) -> None:
    result = planned(f"  {name}: {{op: relu}}\n  last: {{op: tanh}}")
    assert [step.identifier for step in result.steps] == [identifier, "last"]
    assert result.steps[1].reads == (identifier,)
    assert result.renamed == ({name: identifier} if name != identifier else {})


def test_no_two_layers_get_one_identifier() -> None:
    result = planned("  class: {op: relu}\n  class_: {op: relu}\n  class__: {op: relu}\n  forward: {op: relu}")
    assert [step.identifier for step in result.steps] == ["class___", "class_", "class__", "forward_"]
    assert [step.reads for step in result.steps] == [("image",), ("class___",), ("class_",), ("class__",)]
    assert result.renamed == {"class": "class___", "forward": "forward_"}


def test_an_input_is_renamed_too() -> None:
    result = planned("  a: {op: relu}", image="lambda")
    assert (result.image, result.steps[0].reads) == ("lambda_", ("lambda_",))


def test_a_free_identifier() -> None:
    result = planned("  a: {op: relu}\n  a_pad: {op: relu}\n  a_pad_: {op: relu}")
    assert result.free("b_pad") == "b_pad"
    assert result.free("a_pad") == "a_pad__"
    assert result.free("image") == "image_"


@pytest.mark.parametrize(
    ("name", "class_name"),
    [
        ("alexnet", "Alexnet"),
        ("alex_net_2", "AlexNet2"),
        ("a__b_", "AB"),
        ("VGG16", "VGG16"),
        ("tensor", "TensorNet"),
        ("none", "NoneNet"),
    ],
)
def test_a_class_s_name(name: str, class_name: str) -> None:
    assert planned("  a: {op: relu}", name=name).class_name == class_name


def test_the_last_softmax_is_left_to_the_loss() -> None:
    result = planned(CHAIN + "  prob: {op: softmax}")
    assert result.predicts_probabilities
    assert result.is_chain
    assert [step.identifier for step in result.steps] == ["conv1", "flat", "fc"]
    assert result.outputs == ("fc",)


@pytest.mark.parametrize(
    ("after", "more"),
    [
        ("  prob: {op: softmax}\n  again: {op: relu}", ""),  # not the last
        ("  prob: {op: softmax}\n  other: {op: tanh, from: fc}", ""),  # one output of two
        ("  prob: {op: softmax}\n  out: {op: relu}", "outputs: [prob, out]"),  # read by another layer
        ("", ""),
    ],
)
def test_any_other_softmax_stays(after: str, more: str) -> None:
    result = planned(CHAIN + after, more=more)
    assert not result.predicts_probabilities
    assert len(result.steps) == 3 + len(after.splitlines())


def test_logits_that_others_read_are_no_chain() -> None:
    assert planned(CHAIN).is_chain
    assert not planned(CHAIN, more="outputs: [flat, fc]").is_chain
    assert not planned(CHAIN + "  sum: {op: add, from: [fc, fc]}").is_chain


def test_how_weights_begin() -> None:
    conv, dense = planned(CHAIN).initialisations
    assert (conv.identifier, conv.weights, conv.bias) == ("conv1", HE_NORMAL, 0)
    assert (dense.identifier, dense.weights, dense.bias) == ("fc", WeightInit("normal", 0.5), None)


def test_totals_and_title() -> None:
    result = planned(CHAIN, more="title: 'A net: four filters'")
    assert result.title == "A net: four filters"
    assert result.parameters == 4 * 27 + 4 + 144 * 5
    assert result.macs == 4 * 36 * 27 + 144 * 5
