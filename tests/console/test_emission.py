"""archc build --parallel: the placement that a backend receives, and the failure if there is none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

SPLIT = """\
schema: archc/v1
name: net
input: {image: [3, 8, 8]}
defaults:
  conv2d: {weight_init: {he_normal: {}}}
  dense: {weight_init: {he_normal: {}}}
layers:
  conv1: {op: conv2d, filters: 6, kernel: 3}
  relu1: {op: relu}
  flat: {op: flatten}
  fc: {op: dense, units: 12}
"""


@pytest.fixture
def spec(here: Path) -> Callable[[str], Path]:
    """A spec that splits over two and three devices, with more lines."""

    def spec(more: str = "") -> Path:
        Path("net.yaml").write_text(SPLIT + more)
        return Path("net.yaml")

    return spec


def test_two_devices_where_the_spec_names_none(archc, spec) -> None:
    result = archc("build", spec(), "--parallel", "columns")
    said = "net_torch_columns.py: class Net, 1,386 of 2,772 parameters on each of 2 devices\n"
    assert (result.code, result.out, result.err) == (0, said, "")
    text = Path("net_torch_columns.py").read_text()
    assert "nn.Conv2d(3, 3, 3)" in text
    assert "`archc build net.yaml --backend torch --parallel columns`" in text


def test_as_many_devices_as_the_spec_says(archc, spec) -> None:
    for strategy in ("columns", "data"):
        more = f"parallel: {{devices: 3, strategy: {strategy}}}\n"
        assert archc("build", spec(more), "--parallel", "columns").code == 0
        assert "nn.Conv2d(3, 2, 3)" in Path("net_torch_columns.py").read_text()


def test_without_the_option_the_source_is_that_of_one_device(archc, spec) -> None:
    archc("build", spec(), "-o", "one.py")
    whole = Path("one.py").read_text()
    assert "nn.Conv2d(3, 6, 3)" in whole
    archc("build", spec("parallel: {devices: 2, strategy: columns}\n"), "-o", "other.py")
    assert "nn.Conv2d(3, 6, 3)" in Path("other.py").read_text()


def test_under_data_a_rank_has_the_whole_network_and_averages_its_gradients(archc, spec) -> None:
    result = archc("build", spec(), "--parallel", "data")
    said = "net_torch_data.py: class Net, 2,772 of 2,772 parameters on each of 2 devices\n"
    assert (result.code, result.out, result.err) == (0, said, "")
    text = Path("net_torch_data.py").read_text()
    assert "nn.Conv2d(3, 6, 3)" in text
    assert "DistributedDataParallel(" in text


def test_the_file_is_checked_under_the_same_option(archc, spec) -> None:
    build = ("build", spec(), "-o", "net.py")
    assert archc(*build, "--parallel", "columns").code == 0
    result = archc(*build, "--parallel", "columns", "--check")
    assert result.out == "net.py: up to date, class Net, 1,386 of 2,772 parameters on each of 2 devices\n"
    assert archc(*build, "--check").code == 1
    archc("build", spec("  relu: {op: relu}\n"), "-o", "net.py", "--parallel", "columns", "--check")
    assert archc(*build, "--parallel", "columns", "--check").out == "net.py is out of date: the spec has changed\n"


def test_json(archc, spec) -> None:
    for options, strategy in ((["--parallel", "columns"], "columns"), (["--parallel", "data"], "data"), ([], None)):
        result = archc("build", spec(), "--output-format", "json", *options)
        assert json.loads(result.out)["parallel"] == strategy


def test_layers_placed_by_hand_count_under_their_own_strategy(archc, spec) -> None:
    more = "parallel: {devices: 2, strategy: STRATEGY, layers: {fc: CHOICE}}\n"
    by_hand = more.replace("STRATEGY", "columns").replace("CHOICE", "replicate")
    assert archc("build", spec(by_hand), "--parallel", "columns").code == 0
    assert "nn.Linear(216, 12)" in Path("net_torch_columns.py").read_text()
    elsewhere = more.replace("STRATEGY", "data").replace("CHOICE", "split")
    assert archc("build", spec(elsewhere), "--parallel", "columns").code == 0
    assert "nn.Linear(216, 6)" in Path("net_torch_columns.py").read_text()


def test_a_width_that_does_not_divide_is_a_finding(archc, spec, here: Path) -> None:
    result = archc("build", spec("parallel: {devices: 5, strategy: data}\n"), "--parallel", "columns")
    assert (result.code, result.out) == (1, "")
    assert "net.yaml:8:3: error[ARC401]: 2 layers do not split over 5 devices (2 places)" in result.err
    assert "note: fc: 12 / 5 is not whole" in result.err
    assert [file.name for file in here.iterdir()] == ["net.yaml"]


MIRRORED = "omit `--parallel data`: `archc train --backend keras --gpus 2` mirrors the file that `archc build` writes"


@pytest.mark.parametrize(
    ("strategy", "help"), [("data", MIRRORED), ("columns", "`archc plan` shows the cost of `columns`")]
)
def test_a_strategy_that_a_backend_does_not_write(archc, spec, strategy: str, help: str) -> None:
    result = archc("build", spec(), "--backend", "keras", "--parallel", strategy)
    said = f"error: the backend `keras` does not support `--parallel {strategy}`\n  {help}\n"
    assert (result.code, result.out, result.err) == (2, "", said)


def test_nothing_to_split(archc, spec, here: Path) -> None:
    result = archc("build", spec("parallel: {devices: 1, strategy: data}\n"), "--parallel", "columns")
    said = "error: `columns` splits no layer of net: there is only one device\n  omit `--parallel columns`\n"
    assert (result.code, result.err) == (2, said)
    Path("net.yaml").write_text("schema: archc/v1\nname: net\ninput: {image: [4, 4, 4]}\nlayers:\n  r: {op: relu}\n")
    result = archc("build", "net.yaml", "--parallel", "columns")
    assert (result.code, result.err) == (2, said.replace("there is only one device", "no layer has weights to split"))
