"""The pages of docs/: what is to be pasted is fenced, and what they state about options is so."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest

from archc.backend import OWN
from archc.commands import EXAMPLES
from archc.language.optimizers import Optimizer
from archc.ops.properties import Loss

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", ["json", "ops", "backends", "ci"])
def test_what_is_to_be_pasted_is_fenced(page: str) -> None:
    """An indented block keeps its indent when it is copied from the page's source: Python and YAML then fail."""
    prose = re.sub(r"^```.*?^```$", "", text(f"docs/{page}.md"), flags=re.MULTILINE | re.DOTALL)
    assert re.findall(r"^    .*", prose, re.MULTILINE) == []


@pytest.mark.parametrize("page", ["README.md", "docs/checking.md"])
def test_the_commands_that_can_be_quiet_are_named(page: str) -> None:
    quiet = {
        name
        for name in EXAMPLES
        if "quiet" in inspect.signature(getattr(import_module(f"archc.commands.{name}"), name)).parameters
    }
    sentences = re.split(r"(?<=[.:]) ", " ".join(text(page).split()))
    (sentence,) = (sentence for sentence in sentences if re.search("prints? only findings", sentence))
    assert set(re.findall(r"`(\w+)`", sentence)) == quiet


def test_the_readme_names_the_losses_and_the_optimizer() -> None:
    prose = " ".join(text("README.md").split())
    assert "The optimizers are SGD, Adam and AdamW" in prose and [*Optimizer.model_fields] == ["sgd", "adam", "adamw"]
    assert "cross-entropy, binary cross-entropy and the mean squared error" in prose
    assert get_args(Loss) == ("cross_entropy", "binary_cross_entropy", "mean_squared_error")


def test_the_readme_counts_the_emitted_lines_of_alexnet(archc, alexnet: Path) -> None:
    lines = [archc("build", alexnet, "-q", "--backend", name, "-o", "-").out.count("\n") for name in OWN]
    least, most = min(lines) // 10 * 10, -(-max(lines) // 10) * 10
    assert f"emits {least} to {most} lines" in text("README.md")
