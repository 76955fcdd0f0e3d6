"""docs/backends.md shows the backend that the tests install, and ends in commands that run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "backends.md").read_text(encoding="utf-8")
BLOCKS = [block.strip("\n") for block in re.findall(r"^```\w+\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)]
ARCHC = "import sys; from archc.commands import main; sys.argv = {arguments!r}; main()"


def test_every_block_is_a_part_of_the_backend(project: Path) -> None:
    texts = [file.read_text(encoding="utf-8") for file in project.rglob("*.*") if file.suffix in (".py", ".toml")]
    *code, commands = BLOCKS
    assert len(code) == 6
    for block in code:
        assert any(block in text for text in texts), block
    assert commands.startswith("pip install ")


def test_each_file_that_it_names_is_there(project: Path) -> None:
    named = set(re.findall(r"`((?:archc_numpy|tests)/[\w/]+\.py|pyproject\.toml)`", PAGE))
    assert len(named) == 7
    assert all((project / name).is_file() or (ROOT / name).is_file() for name in named)


def test_its_commands_run_and_print_what_it_says(site: Path, tmp_path: Path) -> None:
    install, *commands, last = BLOCKS[-1].splitlines()
    assert (ROOT / install.split()[-1] / "pyproject.toml").is_file()
    environment = {**os.environ, "PYTHONPATH": str(site)}

    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
        return done.stdout

    said = [
        run(
            sys.executable,
            "-c",
            ARCHC.format(arguments=[word.replace("tests/", f"{ROOT}/tests/") for word in command.split()]),
        )
        for command in commands
    ]
    assert f"The third prints `{said[1].strip()}`" in PAGE
    assert f"the last `{run(sys.executable, last.split()[1]).strip()}`" in PAGE
