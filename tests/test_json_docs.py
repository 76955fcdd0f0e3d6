"""docs/json.md: its commands are there, and its example prints what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from archc.commands.schema import documents

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")


BLOCKS = [block.strip("\n") for block in re.findall(r"^```\w+\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)]


def test_every_document_has_its_line() -> None:
    assert re.findall(r"^archc schema (\w+) ", BLOCKS[0], re.MULTILINE) == [*documents()]


def test_the_example_in_python_prints_what_the_page_says() -> None:
    command, printed = BLOCKS[-2:]
    archc = f"{sys.executable} {ROOT / 'cli.py'}"
    script = command.replace("archc check", f"{archc} check").replace("python -c", f"{sys.executable} -c")
    done = subprocess.run(["sh", "-c", script], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == printed + "\n"
