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
from archc.language.mistakes.vocabulary import absence
from archc.language.spec import Loss, Optimizer, Spec
from archc.ops import ops

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


def test_the_readme_lists_the_ops_and_what_does_not_exist_yet() -> None:
    (listed,) = re.findall(r"^The ops are (.*?) \(\[reference\]", text("README.md"), re.MULTILINE | re.DOTALL)
    assert re.findall(r"`(\w+)`", listed) == sorted(name for name in ops() if ops().is_own(name))
    assert "Average pooling and other activations do not exist yet" in " ".join(text("README.md").split())
    assert absence("avg_pool3d") and absence("sigmoid")
    assert Spec.model_json_schema()["properties"]["input"]["maxProperties"] == 1
    assert (get_args(Loss), list(Optimizer.model_fields)) == (("cross_entropy",), ["sgd"])


def test_the_readme_counts_the_emitted_lines_of_alexnet(archc, alexnet: Path) -> None:
    lines = [archc("build", alexnet, "-q", "--backend", name, "-o", "-").out.count("\n") for name in OWN]
    least, most = min(lines) // 10 * 10, -(-max(lines) // 10) * 10
    assert f"emits {least} to {most} lines" in text("README.md")
