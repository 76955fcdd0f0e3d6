"""docs/ops.md shows the op that the tests install, and its commands run."""

from __future__ import annotations

import re
from pathlib import Path

from archc.commands import EXAMPLES
from archc.ops.op import Op

ROOT = Path(__file__).parents[2]
PROJECT = Path(__file__).parent / "archc-clamp"
PAGE = (ROOT / "docs" / "ops.md").read_text(encoding="utf-8")
BLOCKS = [block.strip("\n") for block in re.findall(r"^```\w+\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)]


def test_every_block_is_a_part_of_the_distribution() -> None:
    texts = [file.read_text(encoding="utf-8") for file in PROJECT.rglob("*.*") if file.suffix in (".py", ".toml")]
    *code, commands = BLOCKS
    assert len(code) == 4
    for block in code:
        assert any(block in text for text in texts), block
    install, *others = commands.splitlines()
    assert (ROOT / install.split()[-1] / "pyproject.toml").is_file()
    assert all(line.split()[:1] == ["archc"] and line.split()[1] in EXAMPLES for line in others)


def test_each_file_and_each_trait_that_it_names_is_there() -> None:
    named = set(re.findall(r"`(archc_clamp/\w+\.py|pyproject\.toml)`", PAGE))
    assert len(named) == 4
    assert all((PROJECT / name).is_file() for name in named)
    traits = {word for line in PAGE.splitlines() if line.startswith("| `") for word in re.findall(r"`(\w+)`", line)}
    assert len(traits) > 15
    assert all(hasattr(Op, trait) for trait in traits - {"ShapeError", "any", "kept"})
