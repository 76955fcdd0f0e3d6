"""What the README shows is what archc prints."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

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


def test_the_table_is_what_check_prints() -> None:
    command = [sys.executable, "cli.py", "check", "specs/alexnet.yaml"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    printed = iter(done.stdout.split("\n"))
    table, _ = blocks("text")
    missing = [line for line in table if line not in printed]  # `in` moves on: the order counts
    assert missing == []


def test_the_diagnostic_is_what_check_prints() -> None:
    _, diagnostic = blocks("text")
    wrong = SPEC.replace("padding: 2, groups: 2", "padding: 2, groups: 3")
    findings = analyse(wrong.encode(), "specs/alexnet.yaml").findings
    assert render(findings).rstrip("\n").split("\n") == diagnostic


def test_its_commands_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^    make (\w+)", README, re.MULTILINE):
        assert f"\n{target}: " in makefile, target
    for link in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / link).exists(), link
