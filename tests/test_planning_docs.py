"""docs/planning.md: what it shows is what `archc plan` prints, and its figures follow from that."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "planning.md").read_text(encoding="utf-8")
PROSE = " ".join(PAGE.split())  # a sentence may be wrapped anywhere


def archc(*arguments: str) -> str:
    command = [sys.executable, "cli.py", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=True).stdout


def shown(first_word: str) -> list[str]:
    """The lines of the indented block that begins with a word."""
    blocks = [block.split("\n") for block in PAGE.split("\n\n") if block.startswith("    ")]
    (found,) = (block for block in blocks if block[0].strip().startswith(first_word))
    return [line.removeprefix("    ") for line in found]


@pytest.mark.parametrize("block", ["strategy  ", "columns: ", "One device"])
def test_it_prints_what_the_page_shows(block: str) -> None:
    printed = archc("plan", "specs/alexnet.yaml")
    assert "\n".join(shown(block)) in printed


def test_what_is_kept_without_freeing_is_worked_out_right() -> None:
    (said,) = json.loads(archc("check", "specs/alexnet.yaml", "--output-format", "json"))["specs"]
    values = sum(layer["activations"] for layer in said["network"]["layers"])
    weights = said["network"]["parameters"]
    kept, learned = values * 2 * 4 * 128 / 2**30, 12 * weights / 2**30
    assert f"{values:,} × 2 × 4 × 128 bytes = {kept:.2f} GiB" in PROSE
    assert f"12 × {weights:,} bytes = {learned:.2f} GiB" in PROSE
    assert f"{kept + learned:.2f} GiB, with half a GiB left" in PROSE


def test_the_layer_that_is_placed_by_hand_costs_what_the_page_says(tmp_path: Path) -> None:
    spec = (ROOT / "specs" / "alexnet.yaml").read_text(encoding="utf-8")
    (tmp_path / "placed.yaml").write_text(spec.replace("device_memory: 3GiB", "layers: {fc8: replicate}"), "utf-8")
    made = json.loads(archc("plan", str(tmp_path / "placed.yaml"), "--output-format", "json"))
    columns = next(option["cost"] for option in made["options"] if option["declared"])
    plain = json.loads(archc("plan", "specs/alexnet.yaml", "--output-format", "json"))
    before = next(option["cost"] for option in plain["options"] if option["declared"])
    assert f"{columns['backward_bytes']:,} bytes backward instead of {before['backward_bytes']:,}" in PROSE
    assert f"{columns['parameters'] - before['parameters']:,} more parameters per device" in PROSE


def test_its_commands_run() -> None:
    lines = [line.partition("#")[0].split() for line in PAGE.split("\n") if line.startswith("    archc plan")]
    assert len(lines) == 3
    for words in lines:
        assert archc(*words[1:])
