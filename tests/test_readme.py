"""What the README shows is what archc prints."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from archc.analysis import analyse
from archc.diagnostics.text import render

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SPEC = (ROOT / "specs" / "alexnet.yaml").read_text(encoding="utf-8")


def blocks(language: str) -> list[list[str]]:
    """The lines of each code block in a language."""
    return [block.rstrip("\n").split("\n") for block in re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)]


def test_the_excerpt_is_of_the_spec() -> None:
    (excerpt,) = blocks("yaml")
    assert "\n".join(excerpt[1:]) in SPEC


@pytest.mark.parametrize(("network", "block"), [("alexnet", 0), ("resnet50", 2)])
def test_the_table_is_what_check_prints(network: str, block: int) -> None:
    command = [sys.executable, "cli.py", "check", f"specs/{network}.yaml"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    printed = iter(done.stdout.split("\n"))
    missing = [line for line in blocks("text")[block] if line not in printed]  # `in` moves on: the order counts
    assert missing == []


def test_the_length_of_a_spec_is_counted() -> None:
    spec = (ROOT / "specs" / "resnet50.yaml").read_text(encoding="utf-8")
    assert f"ResNet-50 is a spec of {spec.count(chr(10))} lines" in " ".join(README.split())


def test_the_diagnostic_is_what_check_prints() -> None:
    _, diagnostic, _ = blocks("text")
    wrong = SPEC.replace("padding: 2, groups: 2", "padding: 2, groups: 3")
    findings = analyse(wrong.encode(), "specs/alexnet.yaml").findings
    assert render(findings).rstrip("\n").split("\n") == diagnostic


def test_its_commands_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^    make (\w+)", README, re.MULTILINE):
        assert f"\n{target}: " in makefile, target
    for link in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / link).exists(), link
