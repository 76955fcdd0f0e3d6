"""A plan in narrow terminals, and a plan without exchanges."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from archc.analysis import Facts, analyse
from archc.outline import outline
from archc.passes.plan import Setting, plan
from archc.report.plan import plan_page
from archc.report.plan_outline import closed

HERE = Path(__file__).parent
FIGURES = HERE.parent / "figure" / "specs"

UNTRAINED = """\
schema: archc/v1
name: untrained
input: {image: [3, 8, 8]}
layers:
  pool1: {op: max_pool2d, kernel: 2, stride: 2}
"""


TRAINED = """\
schema: archc/v1
name: trained
input: {image: [3, 8, 8]}
layers:
  conv1: {op: conv2d, filters: 4, kernel: 1, weight_init: {he_normal: {}}}
"""


def page(facts: Facts, *, width: int, devices: int = 2, batch: int = 128) -> list[str]:
    setting = Setting(devices=devices, batch=batch, link=8e9, precision="float32", device_memory=None)
    return plan_page("a title", plan(facts.graph, facts.counts, None, setting), width=width).splitlines()


def of_alexnet(alexnet: Path, width: int) -> list[str]:
    facts = analyse(alexnet.read_bytes(), "alexnet.yaml").facts
    assert facts is not None
    return page(facts, width=width)


@pytest.mark.parametrize(
    ("width", "hidden"),
    [
        (80, []),
        (60, ["parameters, backward", "values, time", "time", "time"]),
        (50, ["parameters, forward, backward", "tensor, values, time", "values, time", "tensor, values, time"]),
        (40, ["parameters, forward, backward", "hybrid", *["tensor, values, time"] * 3]),
    ],
)
def test_columns_that_a_narrow_terminal_hides_are_named_below_each_table(
    alexnet: Path, width: int, hidden: list[str]
) -> None:
    text = " ".join(of_alexnet(alexnet, width))
    notices = text.split("columns hidden: ")[1:]
    assert [notice.partition(";")[0] for notice in notices] == hidden
    assert all(notice.startswith(f"{name}; use a wider terminal") for notice, name in zip(notices, hidden, strict=True))


@pytest.mark.parametrize("width", range(40, 121, 5))
def test_no_line_is_wider_than_the_terminal_and_no_figure_is_broken(alexnet: Path, width: int) -> None:
    lines = of_alexnet(alexnet, width)
    assert max(map(len, lines)) <= width
    assert {"37,752,832", "18,876,416"} <= {word for line in lines for word in line.split()}


def test_a_strategy_without_exchanges_has_no_table_of_them(facts_of: Callable[[str], Facts]) -> None:
    lines = page(facts_of(UNTRAINED), width=80)
    heading = lines.index("columns: received by the busiest device per step")
    assert lines[heading + 1].startswith("no exchanges; ")


@pytest.mark.parametrize(
    ("devices", "ending"),
    [(2, " = 64 bytes"), (4, " = 64 bytes, 96 received in a ring"), (8, " = 64 bytes, 112 received in a ring")],
)
def test_a_sum_of_gradients_names_what_a_ring_receives(
    facts_of: Callable[[str], Facts], devices: int, ending: str
) -> None:
    lines = page(facts_of(TRAINED), width=80, devices=devices)
    assert any(line.startswith(f"backward: 16 gradients summed, 4 × 16{ending};") for line in lines)


def test_one_map_is_singular(facts_of: Callable[[str], Facts]) -> None:
    assert "conv1  4 maps, 16  1 map, 4  4 maps, 16" in page(facts_of(TRAINED), width=80, devices=4)


def test_figures_are_not_explained_if_there_are_none(facts_of: Callable[[str], Facts]) -> None:
    lines = page(facts_of(TRAINED), width=80, devices=3, batch=2)
    assert not [line for line in lines if line.startswith("Parameters and peak memory")]
    assert "columns is impossible: conv1's 4 maps do not split over 3 devices." in lines


def test_closed_blocks_are_summed_up(golden: Callable[[Path, str], None]) -> None:
    facts = analyse((FIGURES / "resnet18.yaml").read_bytes(), "resnet18.yaml").facts
    assert facts is not None
    setting = Setting(devices=2, batch=128, link=8e9, precision="float32", device_memory=None)
    made = plan(facts.graph, facts.counts, None, setting)
    shown = plan_page("ResNet-18", made, outline(facts.graph), width=80)
    golden(HERE / "plan_resnet18.txt", f"{shown}\n")
    for option in made.options:
        assert option.cost is not None
        sums = closed(option.cost, outline(facts.graph))
        for name in ("forward", "backward", "received", "seconds"):
            assert getattr(sums, name) == getattr(option.cost, name)
        assert sum(part.parameters for part in sums.parts) == sum(part.parameters for part in option.cost.parts)
        assert len(sums.parts) < len(option.cost.parts)
        assert closed(option.cost, ()) == option.cost
