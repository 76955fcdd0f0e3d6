"""archc expand prints the flat spec that a spec with blocks stands for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SPEC = """\
schema: archc/v1
name: net
input: {image: [3, 15, 15]}

blocks:
  pair:
    takes: [rate]
    layers:
      act: {op: relu}
      drop: {op: dropout, rate: $rate}

layers:
  x: {block: pair, repeat: 2, rate: 0.5}
  y_0: {op: add, from: [x.0, x]}
  y: [{op: relu}]

outputs: [y, x]
"""
FLAT = """\
schema: archc/v1
name: net
input: {image: [3, 15, 15]}

layers:
  # x.0.act: act of block pair, line 9
  x_0_act: {op: relu}
  # x.0.drop: drop of block pair, line 10; rate from line 13
  x_0_drop: {op: dropout, rate: 0.5}
  # x.1.act: act of block pair, line 9
  x_1_act: {op: relu}
  # x.1.drop: drop of block pair, line 10; rate from line 13
  x_1_drop: {op: dropout, rate: 0.5}
  y_0: {op: add, from: [x_0_drop, x_1_drop]}
  # y.0, line 15
  y_0_2: {op: relu}

outputs: [y_0_2, x_1_drop]
"""


def archc(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "archc", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_flat_spec_is_printed_with_the_place_of_each_layer(tmp_path: Path) -> None:
    spec = tmp_path / "a.yaml"
    spec.write_text(SPEC, encoding="utf-8")
    done = archc("expand", str(spec))
    assert (done.returncode, done.stdout) == (0, FLAT)


def test_a_spec_without_blocks_is_printed_as_it_is(tmp_path: Path) -> None:
    spec = tmp_path / "a.yaml"
    spec.write_text(FLAT, encoding="utf-8")
    assert archc("expand", str(spec)).stdout == FLAT


def test_a_spec_with_an_error_is_refused(tmp_path: Path) -> None:
    spec = tmp_path / "a.yaml"
    spec.write_text(SPEC.replace("$rate", "$rat"), encoding="utf-8")
    done = archc("expand", str(spec))
    assert (done.returncode, done.stdout) == (1, "")
    assert "error[ARC114]" in done.stderr


def test_a_spec_without_blocks_is_checked_without_importing_them(tmp_path: Path) -> None:
    spec = tmp_path / "a.yaml"
    spec.write_text(FLAT, encoding="utf-8")
    code = "import sys; from archc.analysis import analyse; analyse(open(sys.argv[1], 'rb').read(), 'a'); "
    code += "print([name for name in sys.modules if 'blocks' in name or 'mistakes' in name])"
    done = subprocess.run([sys.executable, "-c", code, str(spec)], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
