"""Each advice where it is due, and silence in the nearest case where it is not."""

from collections.abc import Callable

import pytest

from archc.analysis import Analysis

Check = Callable[..., Analysis]
CONV = "conv%s: {op: conv2d, filters: 4}"
LRN = "norm%s: {op: lrn}"
RELU = "relu%s: {op: relu}"
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
        ([CONV % 1, LRN % 1, LRN % 2, CONV % 2, RELU % 2], "norm1 normalises without a ReLU"),
        ([CONV % 1, "tanh1: {op: tanh}", LRN % 1], "norm1 normalises without a ReLU"),
        ([LRN % 1], "norm1 normalises without a ReLU"),
        ([CONV % 1, RELU % 1, "sum1: {op: add, from: [relu1, relu1]}", LRN % 1], None),
        ([CONV % 1, RELU % 1, "sum1: {op: add, from: [relu1, conv1]}", LRN % 1], "norm1 normalises without a ReLU"),
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
    ],
)
def test_a_dropout_comes_after_the_normalisation(check: Check, layers: list[str], dropout: str | None) -> None:
    message = f"{dropout} drops values before the normalisation norm1"
    assert found(check(*layers)) == ([("ARC904", message)] if dropout else [])


FLAT, PROB = "flat: {op: flatten}", "prob: {op: softmax}"
FC = "fc%s: {op: dense, units: 5%s}"
MIDDLE = "prob is a softmax in the middle: %s computes with its probabilities"
TWICE = "prob is a softmax before the loss cross_entropy, which takes one itself of what %s gives"


@pytest.mark.parametrize(
    ("layers", "sections", "expected"),
    [
        ([FLAT, PROB], {}, None),
        ([FLAT, PROB, DROP % 1], {}, TWICE % "drop1"),
        ([FLAT, PROB, RELU % 1, FC % (2, "")], {}, MIDDLE % "relu1"),
        ([FLAT, PROB, FC % (2, "")], {}, MIDDLE % "fc2"),
        ([FLAT, PROB, FC % (2, ", from: flat")], {}, None),
        ([FLAT, PROB, DROP % 1, "last: {op: softmax}"], {}, MIDDLE % "drop1"),
        ([FLAT, PROB, RELU % 1], {"outputs": "[prob, relu1]"}, TWICE % "relu1"),
    ],
)
def test_a_softmax_is_last(check: Check, layers: list[str], sections: dict[str, str], expected: str | None) -> None:
    assert found(check(*layers, **sections)) == ([("ARC905", expected)] if expected else [])


@pytest.mark.parametrize(
    ("fields", "due"),
    [
        ("kernel: 8, padding: 0", True),
        ("kernel: 8, padding: same", True),
        ("kernel: [8, 7], padding: 0", False),
        ("kernel: 7, padding: 0", False),
        ("kernel: 4, dilation: 2, padding: 1", False),
        ("kernel: 9, padding: 1", True),
    ],
)
def test_a_kernel_as_large_as_its_map(check: Check, fields: str, due: bool) -> None:
    findings = found(check(f"conv1: {{op: conv2d, filters: 4, {fields}}}"))
    assert [code for code, _ in findings] == (["ARC906"] if due else [])


def test_one_place_of_one_pixel_is_no_whole_map(check: Check) -> None:
    assert found(check("conv1: {op: conv2d, filters: 4, kernel: 1, padding: 0}", image="[4, 1, 1]")) == []


def test_a_whole_map_is_the_dense_layer_that_it_names(check: Check) -> None:
    analysis = check("conv1: {op: conv2d, filters: 7, kernel: 8, padding: 0}")
    dense = check(FLAT, "fc1: {op: dense, units: 7}")
    (finding,) = analysis.findings
    assert finding.help is not None
    assert "`{op: dense, units: 7}` compute the same" in finding.help
    assert analysis.facts is not None
    assert dense.facts is not None
    assert analysis.facts.counts.parameters == dense.facts.counts.parameters


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
def test_a_window_over_the_devices_edge_has_its_price(
    check: Check, lrn: str, parallel: str, values: str | None
) -> None:
    analysis = check(CONV % 1, RELU % 1, f"norm1: {{op: lrn{lrn}}}", parallel=parallel)
    assert [finding.code for finding in analysis.findings] == (["ARC907"] if values else [])
    if values:
        (note,) = analysis.findings[0].notes
        assert note == f"a halo crosses: {values} an example, before it computes"
        assert analysis.facts is not None
        assert analysis.facts.placement is not None
        (exchange,) = analysis.facts.placement.exchanges
        assert f"= {exchange.values} values" in note


@pytest.mark.parametrize(
    ("image", "layers", "share"),
    [
        ("[4, 64, 64]", [CONV % 1, FLAT, "fc1: {op: dense, units: 64}"], "99.99"),
        ("[4, 64, 64]", [FLAT, "fc1: {op: dense, units: 64}"], None),  # the only layer that learns
        ("[4, 32, 32]", [CONV % 1, FLAT, "fc1: {op: dense, units: 64}"], None),  # 262,208: below a million
        # 1,048,640 of 1,048,640 + 131,080: 88.9 %
        ("[4, 64, 64]", [FLAT, "fc1: {op: dense, units: 64}", "fc2: {op: dense, units: 8, from: flat}"], None),
        ("[4, 64, 64]", [FLAT, "fc1: {op: dense, units: 64}", "fc2: {op: dense, units: 7, from: flat}"], "90.14"),
    ],
)
def test_parameters_in_one_layer(check: Check, image: str, layers: list[str], share: str | None) -> None:
    expected = [("ARC908", f"fc1 holds {share} % of the parameters")] if share else []
    assert found(check(*layers, image=image)) == expected


@pytest.mark.parametrize(
    ("layers", "image", "expected"),
    [
        (["conv1: {op: conv2d, filters: 4, kernel: 11, stride: 4, padding: 0}"], "[3, 224, 224]", ["ARC909"]),
        (["conv1: {op: conv2d, filters: 4, kernel: 11, stride: 4, padding: 0}"], "[3, 227, 227]", []),
        (["conv1: {op: conv2d, filters: 4, kernel: 11, stride: 4, padding: 0, rounding: ceil}"], "[3, 224, 224]", []),
        # torchvision's: 224 - 11 + 4 is not whole either, but what is left over is padding
        (["conv1: {op: conv2d, filters: 4, kernel: 11, stride: 4, padding: 2}"], "[3, 224, 224]", []),
        (["pool1: {op: max_pool2d, kernel: 11, stride: 4}"], "[3, 224, 224]", ["ARC902"]),
        ([RELU % 1, "conv1: {op: conv2d, filters: 4, kernel: 11, stride: 4, padding: 0}"], "[3, 224, 224]", ["ARC902"]),
    ],
)
def test_224_pixels(check: Check, layers: list[str], image: str, expected: list[str]) -> None:
    assert [finding.code for finding in check(*layers, image=image).findings] == expected
