"""What each strategy costs: AlexNet's figures as worked out by hand, and rules that hold of any plan."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from archc.analysis import Analysis, Facts, analyse
from archc.language.recipe import Precision
from archc.passes.plan import Cost, Plan, Setting, plan

ALEXNET = Path(__file__).parents[2] / "specs" / "alexnet.yaml"
GTX_580 = 3 * 2**30
PARAMETERS = 60_965_224
FLOAT = 4


def facts(text: str | None = None) -> Facts:
    found = analyse(ALEXNET.read_bytes() if text is None else text.encode(), "alexnet.yaml").facts
    assert found is not None
    return found


def made(
    found: Facts,
    devices: int = 2,
    batch: int = 128,
    precision: Precision = "float32",
    memory: int | None = GTX_580,
) -> Plan:
    return plan(found.graph, found.counts, found.spec.parallel, Setting(devices, batch, 8e9, precision, memory))


def costs(found: Plan) -> dict[str, Cost]:
    return {option.strategy: option.cost for option in found.options if option.cost}


def test_the_papers_exchanges() -> None:
    """conv3 reads pool2, 256 maps of 13 × 13, fc6 9216 values, fc7 and fc8 4096: half of each comes from the other."""
    columns = costs(made(facts()))["columns"]
    assert [(c.layer, c.kind, c.values) for c in columns.crossings] == [
        ("conv3", "gather", 256 * 13 * 13 / 2),
        ("fc6", "gather", 9216 / 2),
        ("fc7", "gather", 4096 / 2),
        ("fc8", "gather", 4096 / 2),
    ]
    assert columns.received == 30_336
    assert columns.forward == columns.backward == 30_336 * 128 * FLOAT
    assert columns.seconds == 2 * 30_336 * 128 * FLOAT / 8e9


def test_data_sums_all_gradients() -> None:
    """A ring of two: half of the sum is received, then the other half."""
    data = costs(made(facts()))["data"]
    assert (data.forward, data.backward) == (0, FLOAT * PARAMETERS)
    assert data.backward == 243_860_896
    assert {c.kind for c in data.crossings} == {"all-reduce"}
    assert sum(c.values for c in data.crossings) == PARAMETERS


@pytest.mark.parametrize("devices", [2, 4, 8])
def test_a_ring_moves_two_nth_of_all_but_one(devices: int) -> None:
    data = costs(made(facts(), devices))["data"]
    assert data.backward == FLOAT * PARAMETERS * 2 * (devices - 1) / devices


def test_hybrid_sums_the_convolutions_and_gathers_for_the_dense_layers() -> None:
    hybrid = costs(made(facts()))["hybrid"]
    gathers = [c.layer for c in hybrid.crossings if c.kind == "gather"]
    summed = sum(c.values for c in hybrid.crossings if c.kind == "all-reduce")
    assert gathers == ["fc6", "fc7", "fc8"]
    assert summed == 34_944 + 307_456 + 885_120 + 663_936 + 442_624
    assert hybrid.forward == (4608 + 2048 + 2048) * 128 * FLOAT
    assert hybrid.backward == hybrid.forward + FLOAT * summed
    assert hybrid.parameters == summed + (PARAMETERS - summed) / 2


def test_over_four_devices_a_group_is_gathered_only_within_itself() -> None:
    """conv2's filters read 48 of pool1's 96 maps, 27 × 27, of which a device holds 24."""
    columns = costs(made(facts(), 4))["columns"]
    received = {c.layer: c.values for c in columns.crossings}
    assert received["conv2"] == (48 - 24) * 27 * 27
    assert received["conv3"] == (256 - 64) * 13 * 13
    assert received["conv4"] == (192 - 96) * 13 * 13
    assert received["fc6"] == 9216 * 3 / 4
    assert received["norm1"] == 2 * 55 * 55


@pytest.mark.parametrize(
    ("devices", "batch", "image", "layers", "forward", "backward"),
    [
        # The second of 2 devices has 8 to 15 of the joined maps, those of b. It fetches the half of b that the first
        # device has, which fetches the half of a.
        (
            2,
            1,
            3,
            [
                "a: {op: conv2d, filters: 8}",
                "b: {op: conv2d, filters: 8, from: image}",
                "c: {op: concat, from: [a, b]}",
            ],
            4,
            4,
        ),
        # The last of 8 devices has the last 8 of 64 maps, all that come from `a`: one of them from each device.
        (8, 24, 56, ["a: {op: conv2d, filters: 8}", "b: {op: concat, from: [image, a]}"], 7, 1),
    ],
)
def test_as_many_gradients_return_to_a_device_as_others_have_fetched_from_it(
    check: Callable[..., Analysis], devices: int, batch: int, image: int, layers: list[str], forward: int, backward: int
) -> None:
    found = check(*layers, image=f"[{image}, 4, 4]").facts
    assert found is not None
    columns = costs(made(found, devices, batch))["columns"]
    assert (columns.forward, columns.backward) == (forward * 16 * batch * FLOAT, backward * 16 * batch * FLOAT)


def test_what_a_device_holds() -> None:
    found = costs(made(facts()))
    parts = {strategy: {part.layer: part for part in cost.parts} for strategy, cost in found.items()}
    conv1, fc6 = parts["columns"]["conv1"], parts["columns"]["fc6"]
    assert (conv1.channels, conv1.of, conv1.examples, conv1.parameters) == (48, 96, 128, 17_472)
    assert (fc6.channels, fc6.of, fc6.unit, fc6.parameters) == (2048, 4096, "units", 37_752_832 // 2)
    assert conv1.output_bytes == 48 * 55 * 55 * 128 * FLOAT
    assert (parts["data"]["fc6"].channels, parts["data"]["fc6"].examples) == (4096, 64)
    hybrid = parts["hybrid"]
    assert (hybrid["conv1"].channels, hybrid["conv1"].examples) == (96, 64)
    assert (hybrid["fc6"].channels, hybrid["fc6"].examples) == (2048, 128)
    assert hybrid["conv1"].output_bytes == conv1.output_bytes


@pytest.mark.parametrize("devices", [2, 4, 8])
def test_devices_share_what_is_computed_and_held(devices: int) -> None:
    found = made(facts(), devices)
    for cost in costs(found).values():
        assert cost.macs == pytest.approx(found.macs / devices, rel=1e-9)
        assert cost.memory.peak < found.alone.peak
        assert cost.memory.weights == FLOAT * cost.parameters


def test_whether_one_device_has_room() -> None:
    found = made(facts())
    assert found.alone_fits
    assert found.alone.peak < GTX_580
    assert made(facts(), memory=found.alone.peak).alone_fits
    assert not made(facts(), memory=found.alone.peak - 1).alone_fits
    assert made(facts(), memory=None).alone_fits is None


def test_the_cheapest_is_among_those_that_fit() -> None:
    assert made(facts()).cheapest == "hybrid"
    peaks = {strategy: cost.memory.peak for strategy, cost in costs(made(facts())).items()}
    room = max(peaks.values()) - 1
    found = made(facts(), memory=room)
    assert {strategy: cost.fits for strategy, cost in costs(found).items()} == {
        strategy: peak <= room for strategy, peak in peaks.items()
    }
    assert made(facts(), memory=2**20).cheapest is None
    assert made(facts(), batch=1024 * 16, memory=None).cheapest == "data"


def test_half_the_precision_halves_the_activations_that_cross_and_not_the_gradients_of_weights() -> None:
    whole, half = costs(made(facts())), costs(made(facts(), precision="bfloat16"))
    assert half["columns"].forward * 2 == whole["columns"].forward
    assert half["data"].backward == whole["data"].backward


def test_what_is_in_the_way_of_one_strategy_leaves_the_others() -> None:
    found = made(facts(), 16)
    assert [(o.strategy, o.obstacles) for o in found.options if o.obstacles] == [
        ("columns", ("fc8's 1000 units do not split over 16 devices",)),
        ("hybrid", ("fc8's 1000 units do not split over 16 devices",)),
    ]
    assert found.cheapest == "data"
    (finding,) = next(option for option in found.options if option.strategy == "columns").findings
    assert finding.span.line == 1 + ALEXNET.read_text("utf-8").split("\n").index(
        "  fc8: {op: dense, units: 1000, bias_init: 0}"
    )


def test_a_batch_needs_an_example_for_each_device() -> None:
    """A batch of 127 over two devices is 63 and 64 examples."""
    found = made(facts(), batch=127)
    assert [option.obstacles for option in found.options] == [(), (), ()]
    assert costs(found)["data"].parts[0].examples == 64
    said = "a batch of 1 cannot be divided over 2 devices"
    assert [option.obstacles for option in made(facts(), batch=1).options] == [(said,), (), (said,)]


def test_one_device_has_nothing_to_choose() -> None:
    assert made(facts(), 1).options == ()


def test_layers_placed_by_hand_are_so_under_the_strategy_of_the_spec_only() -> None:
    text = ALEXNET.read_text("utf-8").replace("device_memory: 3GiB", "layers: {fc8: replicate}")
    found, plain = costs(made(facts(text))), costs(made(facts()))
    assert found["hybrid"] == plain["hybrid"]
    fc8 = next(part for part in found["columns"].parts if part.layer == "fc8")
    assert (fc8.layout, fc8.channels, fc8.parameters) == ("whole", 1000, 4_097_000)
    assert found["columns"].macs > plain["columns"].macs
    # Every device has all of fc8's gradients: those of its input need not be summed.
    assert plain["columns"].backward - found["columns"].backward == 2048 * 128 * FLOAT
