"""Layers that a spec places itself: entries that are impossible, have no effect, or cost more than they save."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from archc.analysis import Analysis, analyse
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


BLOCKS = """\
schema: archc/v1
name: net
input: {image: [4, 16, 16]}
defaults: {conv2d: {kernel: 3, padding: 1, weight_init: {he_normal: {}}}}
blocks:
  conv: {takes: [filters], layers: {c: {op: conv2d, filters: $filters}, r: {op: relu}}}
layers:
  a: {block: conv, filters: 8, repeat: 2}
  s: [{block: conv, filters: 8}, {op: relu}, {block: conv, filters: 4}]
  acts: [{op: relu}, {op: tanh}]
"""


def in_blocks(layers: str, strategy: str = "columns", devices: int = 2) -> Analysis:
    text = f"{BLOCKS}parallel: {{devices: {devices}, strategy: {strategy}, layers: {layers}}}\n"
    return analyse(text.encode(), "a.yaml")


@pytest.mark.parametrize(
    ("layers", "split"),
    [
        ("{}", ["a.0.c", "a.1.c", "s.0.c", "s.2.c"]),
        ("{a: replicate}", ["s.0.c", "s.2.c"]),
        ("{a.0: replicate}", ["a.1.c", "s.0.c", "s.2.c"]),
        ("{s: replicate}", ["a.0.c", "a.1.c"]),
        ("{s: replicate, s.2: split}", ["a.0.c", "a.1.c", "s.2.c"]),
        ("{s.2.c: split, s: replicate}", ["a.0.c", "a.1.c", "s.2.c"]),
    ],
)
def test_a_block_or_a_stage_places_all_layers_in_it(layers: str, split: list[str]) -> None:
    found = in_blocks(layers)
    assert found.facts is not None and found.facts.placement is not None, found.findings
    layouts = found.facts.placement.layouts
    assert [name for name in layouts if name.endswith("c") and layouts[name] == "split"] == split


@pytest.mark.parametrize(
    ("layers", "code", "message", "help"),
    [
        ("{b: split}", "ARC107", "unknown layer `b` in `parallel.layers`", None),
        ("{a.7: split}", "ARC107", "unknown layer `a.7` in `parallel.layers`", None),
        ("{acts: replicate}", "ARC402", "acts cannot be placed: no layer in it has weights to split", "delete it"),
        ("{a: split}", "ARC911", "`a: split` has no effect: `columns` splits all layers of a anyway", "delete it"),
        (
            "{s: replicate, s.0: replicate}",
            "ARC911",
            "`s.0: replicate` has no effect: `s: replicate` replicates all layers of s.0 anyway",
            "delete it",
        ),
        (
            "{a: replicate, a.0: split, a.1: split}",
            "ARC911",
            "`a: replicate` has no effect: other entries place all of its layers",
            "delete it",
        ),
    ],
)
def test_entries_of_blocks_that_are_impossible_or_have_no_effect(
    layers: str, code: str, message: str, help: str | None
) -> None:
    found = [finding for finding in in_blocks(layers).findings if finding.code != "ARC912"]
    assert [(finding.code, finding.message) for finding in found] == [(code, message)]
    assert help is None or found[0].help == help


def test_the_price_of_a_block_is_that_of_all_its_layers() -> None:
    text = BLOCKS.replace("kernel: 3", "kernel: 3, groups: 2")
    text += "parallel: {devices: 2, strategy: columns, layers: {a: replicate}}\n"
    (found,) = analyse(text.encode(), "a.yaml").findings
    assert (found.code, found.message) == ("ARC912", "replicating a costs more than it saves")
    # 8 × 2 × 9 + 8 and 8 × 4 × 9 + 8 parameters, of which each device has half in any case
    assert found.notes[-1] == "each device also has 224 more parameters, and repeats what the others compute"
