"""`specs/README.md` is what its command prints, with every spec of the folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SPECS = Path(__file__).parents[1] / "specs"


def test_the_table_is_up_to_date() -> None:
    command = [sys.executable, SPECS / "table.py"]
    printed = subprocess.run(command, capture_output=True, check=True, encoding="utf-8").stdout
    assert (SPECS / "README.md").read_text(encoding="utf-8") == printed
    assert all(f"]({spec.name})" in printed for spec in SPECS.glob("*.yaml"))
