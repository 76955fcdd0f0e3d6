"""Layers that a spec places itself: entries that are impossible, have no effect, or cost more than they save."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from archc.analysis import Analysis
from archc.diagnostics.finding import Finding

Check = Callable[..., Analysis]
LAYERS = (
    "conv1: {op: conv2d, filters: 8, bias: false}",
    "norm1: {op: batch_norm, epsilon: 1e-5, momentum: 0.9}",
    "relu1: {op: relu}",
    "conv2: {op: conv2d, filters: 8}",
    "relu2: {op: relu}",
    "flat: {op: flatten}",
    "fc1: {op: dense, units: 64}",
    "relu3: {op: relu}",
    "fc2: {op: dense, units: 64}",
)


def placed(check: Check, layers: str, strategy: str = "columns", devices: int = 2) -> list[Finding]:
    parallel = f"{{devices: {devices}, strategy: {strategy}, layers: {layers}}}"
    return check(*LAYERS, parallel=parallel).findings


@pytest.mark.parametrize(
    ("layers", "code", "message", "help"),
    [
        ("{conv3: split}", "ARC107", "unknown layer `conv3` in `parallel.layers`", "did you mean `conv2`?"),
        (
            "{relu1: replicate}",
            "ARC402",
            "relu1 cannot be placed: it runs wherever its input is",
            "place conv1 instead",
        ),
        (
            "{norm1: replicate}",
            "ARC402",
            "norm1 cannot be placed: it runs wherever its input is",
            "place conv1 instead",
        ),
        ("{fc1: split}", "ARC911", "`fc1: split` has no effect: `columns` splits fc1 anyway", "delete it"),
    ],
)
def test_entries_that_are_impossible_or_have_no_effect(
    check: Check, layers: str, code: str, message: str, help: str
) -> None:
    (finding,) = placed(check, layers)
    assert (finding.code, finding.message, finding.help) == (code, message, help)


@pytest.mark.parametrize(
    ("strategy", "layers", "pointless"),
    [
        ("data", "{conv1: replicate, fc1: split}", ["conv1"]),
        ("hybrid", "{conv1: split, fc1: split}", ["fc1"]),
        ("hybrid", "{conv1: replicate, fc1: replicate}", ["conv1"]),
        ("columns", "{conv1: replicate, fc2: replicate}", []),
    ],
)
def test_an_entry_that_repeats_the_strategy_has_no_effect(
    check: Check, strategy: str, layers: str, pointless: list[str]
) -> None:
    found = [f for f in placed(check, layers, strategy) if f.code == "ARC911"]
    assert [finding.message.partition(":")[0].strip("`") for finding in found] == pointless


def test_one_device_has_nothing_to_place(check: Check) -> None:
    (finding,) = placed(check, "{fc2: replicate}", devices=1)
    assert finding.message == "`fc2: replicate` has no effect: there is only one device"


def test_a_layer_to_split_must_split_evenly(check: Check) -> None:
    parallel = "{devices: 2, strategy: data, layers: {conv1: split}}"
    (finding,) = check("conv1: {op: conv2d, filters: 9}", parallel=parallel).findings
    assert (finding.code, finding.message) == ("ARC401", "conv1's 9 maps do not split over 2 devices")


THREE = (
    "conv1: {op: conv2d, filters: 8}",
    "relu1: {op: relu}",
    "conv2: {op: conv2d, filters: 8}",
    "relu2: {op: relu}",
    "conv3: {op: conv2d, filters: 8, groups: %d}",
)


def test_the_price_of_a_replicated_layer(check: Check) -> None:
    """conv2 gathers what it reads in any case, conv3 reads its own half: the 8 x 8 x 9 + 8 gradients are summed too."""
    layers = [layer % 2 if "%" in layer else layer for layer in THREE]
    parallel = "{devices: 2, strategy: columns, layers: {conv2: replicate}}"
    (finding,) = check(*layers, parallel=parallel).findings
    assert (finding.code, finding.message) == ("ARC912", "replicating conv2 costs more than it saves")
    without = 2 * (8 // 2 * 64) * 128 * 4
    assert finding.notes == (
        f"per step of 128 examples, a device receives {without + 584 * 4:,} bytes with it and {without:,} without: "
        "+2,336",
        "each device also has 292 more parameters, and repeats what the others compute",
    )


def test_a_replicated_layer_that_saves_a_gather_is_not_reported(check: Check) -> None:
    layers = [layer % 1 if "%" in layer else layer for layer in THREE]
    parallel = "{devices: 2, strategy: columns, layers: {conv2: replicate}}"
    assert check(*layers, parallel=parallel).findings == []


def test_only_the_first_of_many_replicated_layers_are_priced(check: Check) -> None:
    layers = [f"conv{i}: {{op: conv2d, filters: 8, groups: 2}}" for i in range(60)]
    by_hand = ", ".join(f"conv{i}: replicate" for i in range(0, 60, 2))
    findings = check(*layers, parallel=f"{{devices: 2, strategy: columns, layers: {{{by_hand}}}}}").findings
    assert len([finding for finding in findings if finding.code == "ARC912"]) == 20
