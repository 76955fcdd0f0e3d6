"""Each advice in a case that deserves it, and none in the nearest case that does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import pytest

from archc.analysis import Analysis, analyse
from archc.graph import Graph
from archc.ops.activation import Activation
from archc.passes.advice.normalisation import dropout_before, no_relu_before

if TYPE_CHECKING:
    from archc.ops.op import Array

Check = Callable[..., Analysis]
CONV = "conv%s: {op: conv2d, filters: 4}"
LRN = "norm%s: {op: lrn}"
RELU = "relu%s: {op: relu}"
BATCH_NORM = "norm%s: {op: batch_norm, epsilon: 1e-5, momentum: 0.9}"
TANH = "tanh%s: {op: tanh}"
POOL = "pool%s: {op: max_pool2d, kernel: 2, stride: 2}"
DROP = "drop%s: {op: dropout, rate: 0.5}"


def found(analysis: Analysis) -> list[tuple[str, str]]:
    """Code and message of what is found, all of it advice."""
    assert analysis.facts is not None, analysis.findings
    return [(finding.code, finding.message) for finding in analysis.findings]


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([CONV % 1, RELU % 1, LRN % 1], None),
        ([CONV % 1, RELU % 1, POOL % 1, LRN % 1, LRN % 2], None),
        ([CONV % 1, LRN % 1, POOL % 1, RELU % 1], "norm1 normalises before the ReLU relu1"),
        ([CONV % 1, LRN % 1, LRN % 2, CONV % 2, RELU % 2], "norm1 normalises without a ReLU before it"),
        ([CONV % 1, TANH % 1, LRN % 1], "norm1 normalises without a ReLU before it"),
        ([CONV % 1, RELU % 1, TANH % 1, LRN % 1], None),
        ([CONV % 1, LRN % 1, TANH % 1, RELU % 1], "norm1 normalises before the ReLU relu1"),
        ([CONV % 1, RELU % 1, BATCH_NORM % 1, LRN % 2], "norm2 normalises without a ReLU before it"),
        ([LRN % 1], "norm1 normalises without a ReLU before it"),
        ([CONV % 1, RELU % 1, "sum1: {op: add, from: [relu1, relu1]}", LRN % 1], None),
        (
            [CONV % 1, RELU % 1, "sum1: {op: add, from: [relu1, conv1]}", LRN % 1],
            "norm1 normalises without a ReLU before it",
        ),
    ],
)
def test_a_normalisation_follows_a_relu(check: Check, layers: list[str], expected: str | None) -> None:
    assert found(check(*layers)) == ([("ARC903", expected)] if expected else [])


@pytest.mark.parametrize(
    ("layers", "dropout"),
    [
        ([RELU % 1, LRN % 1, DROP % 1], None),
        ([RELU % 1, DROP % 1, LRN % 1], "drop1"),
        ([RELU % 1, DROP % 1, POOL % 1, DROP % 2, LRN % 1, LRN % 2], "drop2"),
        ([DROP % 1, RELU % 1, LRN % 1], "drop1"),
        ([DROP % 1, CONV % 1, RELU % 1, LRN % 1], None),
        ([RELU % 1, "drop1: {op: dropout, rate: 0}", LRN % 1], None),
        ([DROP % 1, TANH % 1, BATCH_NORM % 1], "drop1"),
        ([DROP % 1, "flat: {op: flatten}", BATCH_NORM % 1], "drop1"),
    ],
)
def test_a_dropout_comes_after_the_normalisation(check: Check, layers: list[str], dropout: str | None) -> None:
    message = f"{dropout} drops values before the normalisation norm1"
    assert found(check(*layers)) == ([("ARC904", message)] if dropout else [])


def norm(op: str, **fields: object) -> str:
    return f"norm1: {{op: {op}, epsilon: 1e-5{''.join(f', {name}: {value}' for name, value in fields.items())}}}"


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (BATCH_NORM % 1, "conv1's bias has no effect before the batch normalisation norm1"),
        (
            norm("batch_norm", momentum=0.9, bias="false"),
            "conv1's bias has no effect before the batch normalisation norm1",
        ),
        (norm("instance_norm"), "conv1's bias has no effect before the normalisation norm1"),
        (norm("layer_norm"), None),
        (norm("layer_norm", over="all"), None),
        (norm("group_norm", groups=2), None),
        (norm("rms_norm"), None),
    ],
)
def test_a_bias_before_a_normalisation_of_each_map(check: Check, layer: str, expected: str | None) -> None:
    assert found(check(CONV % 1, layer)) == ([("ARC910", expected)] if expected else [])


def test_a_normalisation_is_said_to_have_a_bias_only_if_it_has(check: Check) -> None:
    for fields, said in (
        ({}, "norm1 subtracts it and has a bias of its own"),
        ({"bias": "false"}, "norm1 subtracts it"),
    ):
        (finding,) = check(CONV % 1, norm("instance_norm", **fields)).findings
        assert [text for _, text in finding.related] == [said]


@pytest.mark.parametrize("op", ["layer_norm", "instance_norm", "rms_norm"])
def test_a_dropout_may_come_before_a_normalisation_of_one_example(check: Check, op: str) -> None:
    assert found(check(RELU % 1, DROP % 1, norm(op))) == []


class Sigmoid(Activation, frozen=True):
    """An op that no pass knows, apart from its traits."""

    output_sign = "nonnegative"
    op: Literal["sigmoid"]

    def value(self, x: Array) -> Array:
        raise NotImplementedError


def with_sigmoid(check: Check, *layers: str) -> Graph:
    """The graph of layers, with a sigmoid in place of each tanh."""
    facts = check(*layers).facts
    assert facts is not None
    sigmoid = Sigmoid(op="sigmoid")
    nodes = (replace(node, op=sigmoid) if node.op.op == "tanh" else node for node in facts.graph.nodes)
    return replace(facts.graph, nodes=tuple(nodes))


def test_advice_on_normalisation_reads_traits_and_no_names(check: Check) -> None:
    assert no_relu_before(with_sigmoid(check, CONV % 1, TANH % 1, LRN % 1)) == []
    (finding,) = no_relu_before(with_sigmoid(check, CONV % 1, LRN % 1, TANH % 1))
    assert (finding.code, finding.message) == ("ARC903", "norm1 normalises before the sigmoid tanh1")
    assert finding.notes[0].endswith("negative values reduce their neighbours before tanh1 removes them")
    assert finding.help == "move tanh1 before norm1"
    assert dropout_before(with_sigmoid(check, DROP % 1, TANH % 1, BATCH_NORM % 1)) == []


FLAT, PROB = "flat: {op: flatten}", "prob: {op: softmax}"
FC = "fc%s: {op: dense, units: 5%s}"
MIDDLE = "prob is a softmax in the middle of the network: %s reads its probabilities"
TWICE = "prob is a softmax before the loss `cross_entropy`, which applies its own softmax to the output of %s"


@pytest.mark.parametrize(
    ("layers", "sections", "expected"),
    [
        ([FLAT, PROB], {}, None),
        ([FLAT, PROB, DROP % 1], {}, TWICE % "drop1"),
        ([FLAT, PROB, RELU % 1, FC % (2, "")], {}, MIDDLE % "relu1"),
        ([FLAT, PROB, FC % (2, "")], {}, MIDDLE % "fc2"),
        ([FLAT, PROB, FC % (2, ", from: flat")], {}, None),
        ([FLAT, PROB, FC % (2, ""), "last: {op: softmax}"], {}, MIDDLE % "fc2"),
        ([PROB, CONV % 1, RELU % 1], {}, MIDDLE % "conv1"),
        ([PROB, "pool1: {op: max_pool2d, kernel: 2, stride: 2}"], {}, MIDDLE % "pool1"),
        ([PROB, "pool1: {op: max_pool2d, kernel: 8, stride: 8}", FLAT], {}, TWICE % "pool1"),
        ([FLAT, PROB, RELU % 1], {"outputs": "[prob, relu1]"}, TWICE % "relu1"),
    ],
)
def test_a_softmax_is_last(check: Check, layers: list[str], sections: dict[str, str], expected: str | None) -> None:
    assert found(check(*layers, **sections)) == ([("ARC905", expected)] if expected else [])


@pytest.mark.parametrize(
    ("layers", "activation"),
    [
        ([FLAT, FC % (1, ""), RELU % 1, PROB], "relu1"),
        ([FLAT, FC % (1, ""), TANH % 1, DROP % 1, PROB], "tanh1"),
        ([CONV % 1, RELU % 1, FLAT, DROP % 1, PROB], "relu1"),
        ([FLAT, FC % (1, ""), RELU % 1, RELU % 2, PROB], "relu2"),
        ([FLAT, FC % (1, ""), BATCH_NORM % 1, RELU % 1, PROB], "relu1"),
        # A pool computes, so that a network may mean what it says: SqueezeNet and NiN end in a ReLU and a pool.
        ([CONV % 1, RELU % 1, "pool1: {op: max_pool2d, kernel: 8, stride: 8}", FLAT, PROB], None),
        ([FLAT, FC % (1, ""), RELU % 1, FC % (2, ""), PROB], None),
        ([FLAT, RELU % 1, PROB], None),  # nothing is learned
        ([FLAT, FC % (1, ""), RELU % 1], None),  # features, as far as the spec says
    ],
)
def test_a_softmax_reads_scores_and_no_activation(check: Check, layers: list[str], activation: str | None) -> None:
    codes = [(f.code, f.message.split()[0]) for f in check(*layers).findings if f.code != "ARC910"]
    assert codes == ([("ARC914", activation)] if activation else [])


def conv(name: object, filters: int, kernel: object, more: str = "") -> str:
    padding = 1 if kernel == 3 else 0
    return f"conv{name}: {{op: conv2d, filters: {filters}, kernel: {kernel}, padding: {padding}{more}}}"


def fc(name: object, units: int) -> str:
    return f"fc{name}: {{op: dense, units: {units}}}"


BRANCHES = [conv(1, 8, 1), conv(2, 8, 3, ", from: image"), conv(3, 8, 3, ", from: image")]
JOIN = "join: {op: concat, from: [conv1, conv2, conv3]}"
PAIR, PAIR12 = "join: {op: concat, from: [conv2, conv4]}", "join: {op: concat, from: [conv1, conv2]}"
JOINED = "join: {op: concat, from: [fc1, fc2]}"


@pytest.mark.parametrize(
    ("layers", "linear"),
    [
        ([conv(1, 8, 3), conv(2, 8, 3)], "conv1 and conv2"),
        ([conv(1, 8, 3, ", bias: false"), BATCH_NORM % 1, conv(2, 8, 3)], "conv1 and conv2"),
        ([conv(1, 8, 3), DROP % 1, FLAT, fc(1, 10)], "conv1 and fc1"),
        ([FLAT, fc(1, 64), DROP % 1, fc(2, 10)], "fc1 and fc2"),
        ([conv(1, 8, 3), conv(2, 8, 3), conv(3, 8, 3), RELU % 1, conv(4, 8, 3)], "conv1, conv2 and conv3"),
        # One cause, whatever reads it.
        ([conv(1, 8, 3), conv(2, 8, 3), conv(3, 8, 3, ", from: conv1")], "conv1, conv2 and conv3"),
        # As AlexNet's, two towers are two convolutions side by side.
        ([conv(1, 8, 3, ", groups: 2"), conv(2, 8, 3, ", groups: 2")], "conv1 and conv2"),
        ([conv(1, 4, 1), conv(2, 4, 3)], "conv1 and conv2"),
        # Nonlinear, if only in part.
        ([conv(1, 8, 3), RELU % 1, conv(2, 8, 3)], None),
        ([conv(1, 8, 3), POOL % 1, conv(2, 8, 3)], None),
        ([conv(1, 8, 3), "norm1: {op: lrn}", "relu1: {op: relu}", conv(2, 8, 3)], "ARC903"),
        # A residual sum, and a convolution whose value a nonlinear branch reads too.
        ([conv(1, 4, 3), "sum1: {op: add, from: [conv1, image]}", conv(2, 4, 3)], None),
        ([conv(1, 8, 3), RELU % 1, conv(2, 8, 3), conv(3, 8, 1, ", from: conv1")], None),
        ([conv(1, 8, 3), conv(2, 8, 3)], "outputs: [conv1, conv2]"),
        # Depthwise and pointwise, in both orders, as in Xception and ShuffleNet.
        ([conv(1, 4, 3, ", groups: 4"), conv(2, 8, 1)], None),
        ([conv(1, 8, 1), conv(2, 8, 3, ", groups: 8")], None),
        # A window over rows, then over columns.
        ([conv(1, 8, "[1, 3]"), conv(2, 8, "[3, 1]")], None),
        ([conv(1, 8, "[3, 1]"), conv(2, 8, "[1, 3]")], None),
        # Linear bottlenecks: of MobileNetV2, of a matrix of low rank, of a feature pyramid's lateral connection.
        ([conv(1, 2, 1), BATCH_NORM % 1, conv(2, 8, 1)], "ARC910"),
        ([FLAT, fc(1, 16), fc(2, 256)], None),
        ([conv(0, 64, 3), RELU % 0, conv(1, 8, 1), conv(2, 8, 3)], None),
        ([FLAT, fc(1, 64), fc(2, 64)], "fc1 and fc2"),
        # Branches that are joined are still linear; a sum may be that of a residual block.
        ([*BRANCHES, JOIN, conv(4, 8, 3)], "conv1, conv2, conv3 and conv4"),
        ([*BRANCHES, JOIN, BATCH_NORM % 1, DROP % 1, conv(4, 8, 3)], "conv1, conv2, conv3 and conv4"),
        ([*BRANCHES, JOIN, FLAT, fc(1, 10)], "conv1, conv2, conv3 and fc1"),
        ([FLAT, fc(1, 64), "fc2: {op: dense, units: 64, from: flat}", JOINED, fc(3, 64)], "fc1, fc2 and fc3"),
        ([conv(1, 8, 3), "join: {op: concat, from: [conv1, conv1]}", conv(2, 8, 3)], "conv1 and conv2"),
        # Two runs that a concatenation joins are one.
        (
            [conv(1, 8, 3), conv(2, 8, 3), conv(3, 8, 3, ", from: image"), conv(4, 8, 3), PAIR, conv(5, 8, 3)],
            "conv1, conv2, conv3, conv4 and conv5",
        ),
        ([*BRANCHES, JOIN, RELU % 1, conv(4, 8, 3)], None),
        ([*BRANCHES, RELU % 3, JOIN.replace("conv3", "relu3"), conv(4, 8, 3)], None),
        ([*BRANCHES, JOIN.replace("concat", "add"), conv(4, 8, 3)], None),
        # Maps that are passed on beside those of a layer, as in a dense block or after an up-convolution.
        ([conv(1, 8, 3), "join: {op: concat, from: [image, conv1]}", conv(2, 8, 3)], None),
        ([*BRANCHES, JOIN, RELU % 1, conv(4, 24, 3, ", from: join"), "sum: {op: add, from: [relu1, conv4]}"], None),
        # Of few weights: bottlenecks side by side, depthwise kernels of several sizes, rows beside columns.
        ([conv(1, 1, 1), conv(2, 1, 1, ", from: image"), PAIR12, conv(3, 8, 3)], None),
        ([conv(1, 4, 3, ", groups: 4"), conv(2, 4, 3, ", groups: 4, from: image"), PAIR12, conv(3, 8, 1)], None),
    ],
)
def test_learned_layers_have_an_activation_between_them(check: Check, layers: list[str], linear: str | None) -> None:
    outputs = linear.removeprefix("outputs: ") if linear and linear.startswith("outputs") else None
    analysis = check(*layers, **({"outputs": outputs} if outputs else {}))
    expected = [] if linear is None or outputs else [linear]
    told = "have no activation between them: they compute one linear function"
    messages = [f.message for f in analysis.findings if f.code == "ARC915"]
    others = [f.code for f in analysis.findings if f.code != "ARC915"]
    assert others + [message.removesuffix(f" {told}") for message in messages] == expected


@pytest.mark.parametrize(
    ("fields", "due"),
    [
        # A dense layer written as a convolution: LeNet-5's C5, OverFeat's fc6, a depthwise kernel over all positions.
        ("kernel: 8, padding: 0", False),
        ("kernel: 8, padding: 0, groups: 4", False),
        ("kernel: 8, padding: same", True),
        ("kernel: [8, 7], padding: 0", False),
        ("kernel: 7, padding: 0", False),
        ("kernel: 4, dilation: 2, padding: 1", False),
        ("kernel: 9, padding: 1", True),
        ("kernel: 10, padding: 1, stride: 2", True),
    ],
)
def test_a_kernel_as_large_as_its_map(check: Check, fields: str, due: bool) -> None:
    findings = found(check(f"conv1: {{op: conv2d, filters: 4, {fields}}}"))
    assert [code for code, _ in findings] == (["ARC906"] if due else [])


def test_a_kernel_of_one_pixel_is_never_too_large(check: Check) -> None:
    assert found(check("conv1: {op: conv2d, filters: 4, kernel: 1, padding: 0}", image="[4, 1, 1]")) == []


@pytest.mark.parametrize(
    ("fields", "help"),
    [
        ("kernel: 8, padding: same", "use `kernel: 3`, and `padding: 1` to keep the size of the maps"),
        ("kernel: 8, padding: same, stride: 2", "use `kernel: 3`"),
        # One position, but shifted by the padding: it does not read the last row and column.
        ("kernel: 8, padding: 1, stride: 8", "use `kernel: 3`"),
    ],
)
def test_a_remedy_for_a_large_kernel_does_what_it_promises(check: Check, fields: str, help: str) -> None:
    findings = check(f"conv1: {{op: conv2d, filters: 4, {fields}}}").findings
    assert [finding.help for finding in findings if finding.code == "ARC906"] == [help]


@pytest.mark.parametrize(("size", "fields"), [(2, "kernel: 3, padding: 1"), (7, "kernel: 7, padding: 3, groups: 4")])
def test_small_kernels_on_small_maps_are_common(check: Check, size: int, fields: str) -> None:
    assert found(check(f"conv1: {{op: conv2d, filters: 4, {fields}}}", image=f"[4, {size}, {size}]")) == []


@pytest.mark.parametrize(
    ("lrn", "parallel", "values"),
    [
        ("", "{devices: 2, strategy: columns}", "4 maps of 8 × 8 = 256 values"),
        ("", "{devices: 4, strategy: columns}", "10 maps of 8 × 8 = 640 values"),
        (", groups: 2", "{devices: 2, strategy: columns}", None),
        (", groups: 2", "{devices: 4, strategy: columns}", "4 maps of 8 × 8 = 256 values"),
        (", scope: spatial", "{devices: 2, strategy: columns}", None),
        ("", "{devices: 2, strategy: data}", None),
        ("", "{devices: 2, strategy: hybrid}", None),
    ],
)
def test_the_price_of_a_window_across_a_device_boundary(
    check: Check, lrn: str, parallel: str, values: str | None
) -> None:
    analysis = check(CONV % 1, RELU % 1, f"norm1: {{op: lrn{lrn}}}", parallel=parallel)
    assert [finding.code for finding in analysis.findings] == (["ARC907"] if values else [])
    if values:
        (note,) = analysis.findings[0].notes
        devices = parallel.partition("devices: ")[2][0]
        assert note == f"with {devices} devices, norm1 first exchanges a halo: {values} per example"
        assert analysis.facts is not None
        assert analysis.facts.placement is not None
        (exchange,) = analysis.facts.placement.exchanges
        assert f"= {exchange.values} values" in note


@pytest.mark.parametrize(
    ("image", "layers", "share"),
    [
        ("[4, 64, 64]", [CONV % 1, RELU % 1, FLAT, "fc1: {op: dense, units: 64}"], "99.99"),
        ("[4, 64, 64]", [FLAT, "fc1: {op: dense, units: 64}"], None),  # the only layer that learns
        ("[4, 32, 32]", [CONV % 1, RELU % 1, FLAT, "fc1: {op: dense, units: 64}"], None),  # 262,208: below a million
        # 1,048,640 of 1,048,640 + 131,080: 88.9 %
        ("[4, 64, 64]", [FLAT, "fc1: {op: dense, units: 64}", "fc2: {op: dense, units: 8, from: flat}"], None),
        ("[4, 64, 64]", [FLAT, "fc1: {op: dense, units: 64}", "fc2: {op: dense, units: 7, from: flat}"], "90.14"),
    ],
)
def test_parameters_in_one_layer(check: Check, image: str, layers: list[str], share: str | None) -> None:
    expected = [("ARC908", f"fc1 has {share} % of the parameters")] if share else []
    assert found(check(*layers, image=image)) == expected


def test_the_parameters_of_an_embedding_are_those_of_its_vocabulary() -> None:
    text = b"""
schema: archc/v1
name: a
input: {text: {tokens: [4], vocabulary: 30000}}
layers:
  words: {op: embedding, channels: 100}
  word: {op: select, position: 0}
  fc: {op: dense, units: 2, weight_init: zeros}
"""
    (finding,) = analyse(text, "a.yaml").findings
    assert finding.code == "ARC908"
    assert finding.help == "use fewer channels, or a smaller `vocabulary` in text"


FIRST = "conv1: {op: conv2d, filters: 4, kernel: 11, stride: 4, %s}"
SECOND = "conv2: {op: conv2d, filters: 4, kernel: 5, padding: 2}"


@pytest.mark.parametrize(
    ("layers", "image", "expected"),
    [
        ([FIRST % "padding: 0", RELU % 1, SECOND], "[3, 224, 224]", ["ARC909"]),
        ([FIRST % "padding: 0", RELU % 1, SECOND], "[3, 227, 227]", []),
        ([FIRST % "padding: 0, rounding: ceil", RELU % 1, SECOND], "[3, 224, 224]", []),
        # torchvision's: 224 - 11 + 4 is not whole either, but what is left over is padding
        ([FIRST % "padding: 2", RELU % 1, SECOND], "[3, 224, 224]", []),
        (["pool1: {op: max_pool2d, kernel: 11, stride: 4}"], "[3, 224, 224]", ["ARC902"]),
        ([RELU % 1, "conv1: {op: conv2d, filters: 4, kernel: 11, stride: 4, padding: 0}"], "[3, 224, 224]", ["ARC902"]),
    ],
)
def test_224_pixels(check: Check, layers: list[str], image: str, expected: list[str]) -> None:
    assert [finding.code for finding in check(*layers, image=image).findings] == expected
