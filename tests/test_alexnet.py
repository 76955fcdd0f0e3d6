"""The network of the paper against the figures of the paper, and its variants."""

from pathlib import Path

import pytest

from archc.analysis import Analysis, Facts, analyse

SPEC = Path(__file__).parent.parent / "specs" / "alexnet.yaml"

# Shape, parameters and multiply-accumulates a picture of each layer that changes or learns something.
LAYERS = {
    "conv1": ((96, 55, 55), 96 * (3 * 121 + 1), 96 * 55 * 55 * 3 * 121),
    "pool1": ((96, 27, 27), 0, 0),
    "conv2": ((256, 27, 27), 256 * (48 * 25 + 1), 256 * 27 * 27 * 48 * 25),
    "pool2": ((256, 13, 13), 0, 0),
    "conv3": ((384, 13, 13), 384 * (256 * 9 + 1), 384 * 169 * 256 * 9),
    "conv4": ((384, 13, 13), 384 * (192 * 9 + 1), 384 * 169 * 192 * 9),
    "conv5": ((256, 13, 13), 256 * (192 * 9 + 1), 256 * 169 * 192 * 9),
    "pool5": ((256, 6, 6), 0, 0),
    "flat": ((9216,), 0, 0),
    "fc6": ((4096,), 4096 * 9217, 4096 * 9216),
    "fc7": ((4096,), 4096 * 4097, 4096 * 4096),
    "fc8": ((1000,), 1000 * 4097, 1000 * 4096),
    "prob": ((1000,), 0, 0),
}


def check(*changes: tuple[str, str]) -> Analysis:
    """The spec with texts replaced: each must be there."""
    text = SPEC.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return analyse(text.encode(), "alexnet.yaml")


def without_expectations(*changes: tuple[str, str]) -> Facts:
    """Facts of a variant that the original's own expectations do not hold for."""
    lines = SPEC.read_text(encoding="utf-8").splitlines()
    dropped = [line for line in lines if line.startswith("expect:")]
    expected = [(line, "") for line in dropped]
    shapes = [(line, line.partition(", expect:")[0] + "}") for line in lines if ", expect:" in line]
    analysis = check(*shapes, *expected, *changes)
    assert analysis.facts is not None, analysis.findings
    return analysis.facts


@pytest.fixture(scope="module")
def alexnet() -> Facts:
    analysis = check()
    assert analysis.findings == []
    assert analysis.facts is not None
    return analysis.facts


def test_sizes_from_picture_to_dense(alexnet: Facts) -> None:
    assert alexnet.shapes.chain == ((55, 55), (27, 27), (13, 13), (6, 6))


def test_totals(alexnet: Facts) -> None:
    assert alexnet.counts.parameters == 60_965_224
    assert alexnet.counts.macs == 724_406_816


@pytest.mark.parametrize(("name", "figures"), LAYERS.items(), ids=LAYERS)
def test_each_layer(alexnet: Facts, name: str, figures: tuple[tuple[int, ...], int, int]) -> None:
    counts = alexnet.counts.layers[name]
    assert (alexnet.graph.node(name).output.shape, counts.parameters, counts.macs) == figures


def test_other_layers_keep_their_inputs_shape_and_learn_nothing(alexnet: Facts) -> None:
    for node in alexnet.graph.nodes:
        if node.name not in LAYERS:
            assert node.output == alexnet.graph.tensor(node.inputs[0])
            assert alexnet.counts.layers[node.name].parameters == 0


def test_two_devices_exchange_where_the_papers_did(alexnet: Facts) -> None:
    assert alexnet.placement is not None
    assert alexnet.placement.devices == 2
    assert [(e.layer, e.kind, e.values) for e in alexnet.placement.exchanges] == [
        ("conv3", "gather", 256 * 13 * 13),
        ("fc6", "gather", 9216),
        ("fc7", "gather", 4096),
        ("fc8", "gather", 4096),
    ]


def test_every_expectation_was_checked(alexnet: Facts) -> None:
    assert len(alexnet.held.layers) == 9
    assert alexnet.held.totals == ("parameters", "macs", "exchanges")


def test_one_tower_without_groups() -> None:
    assert without_expectations((", groups: 2", "")).counts.parameters == 62_378_344


def test_one_tower_has_other_exchanges_too() -> None:
    facts = without_expectations((", groups: 2", ""))
    assert facts.placement is not None
    kinds = {exchange.layer: exchange.kind for exchange in facts.placement.exchanges}
    assert kinds == {
        **dict.fromkeys(("norm1", "norm2"), "halo"),
        **dict.fromkeys(("conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8"), "gather"),
    }


TO_224 = (("[3, 227, 227]", "[3, 224, 224]"), ("crop: 227", "crop: 224"))


def test_224_rounded_up_as_in_the_original_code() -> None:
    facts = without_expectations(*TO_224, ("stride: 4", "stride: 4, rounding: ceil"))
    assert facts.shapes.chain == ((55, 55), (27, 27), (13, 13), (6, 6))
    assert facts.shapes.windows["conv1"].arithmetic == "⌈(224 - 11) / 4⌉ + 1 = 55"
    assert facts.shapes.windows["conv1"].vertical.overhang == 3
    assert facts.counts.parameters == 60_965_224


def test_224_with_three_pixels_at_the_end_is_the_same() -> None:
    sides = "stride: 4, padding: {top: 0, bottom: 3, left: 0, right: 3}"
    facts = without_expectations(*TO_224, ("stride: 4", sides))
    assert facts.shapes.chain == ((55, 55), (27, 27), (13, 13), (6, 6))


def test_224_rounded_down_is_another_network() -> None:
    facts = without_expectations(*TO_224)
    assert facts.shapes.chain == ((54, 54), (26, 26), (12, 12), (5, 5))


def test_a_224_spec_that_expects_55_is_advised_to_round_up() -> None:
    analysis = check(*TO_224)
    first = analysis.findings[0]
    assert (first.code, first.message) == ("ARC301", "conv1 has the shape 96 × 54 × 54, expected 96 × 55 × 55")
    assert first.notes[0] == "⌊(224 - 11) / 4⌋ + 1 = 54"
    assert first.help == "use `rounding: ceil` on conv1: ⌈(224 - 11) / 4⌉ + 1 = 55"
    assert [finding.code for finding in analysis.findings] == ["ARC301"]


def test_the_example_of_the_design() -> None:
    analysis = check(("padding: 2, groups: 2", "padding: 2, groups: 3"))
    (finding,) = analysis.findings
    assert finding.code == "ARC210"
    assert finding.message == "conv2's 256 filters do not split into 3 groups"
    assert finding.notes == ("256 / 3 is not whole, and its input has 96 maps: 96 / 3 = 32",)
    assert finding.help == "groups: 2 divides both"
