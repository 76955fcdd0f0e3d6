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


def test_a_spec_without_blocks_is_printed_as_it_is_although_it_has_a_dollar(tmp_path: Path) -> None:
    text = FLAT.replace("name: net", "name: net\ntitle: Costs $x")
    spec = tmp_path / "a.yaml"
    spec.write_text(text, encoding="utf-8")
    assert archc("expand", str(spec)).stdout == text


SILENCED = """\
schema: archc/v1
name: net
input: {image: [4, 15, 15]}
defaults:
  batch_norm: {epsilon: 1e-5, momentum: 0.1}  # archc: allow ARC916 - as in the paper
  conv2d: {kernel: 3, padding: 1, weight_init: {he_normal: {}}}

blocks:
  pool:
    takes: [kernel, filters]
    layers:
      norm: {op: batch_norm}
      # archc: allow ARC902 - the border is dark
      down: {op: max_pool2d, kernel: $kernel, stride: 2}
      conv: {op: conv2d, filters: $filters}
  pair: {takes: [filters], layers: [{op: conv2d, filters: $filters}, {op: conv2d, filters: $filters}]}

layers:
  x: {block: pool, kernel: 2, filters: 8}
  relu0: {op: relu}
  y: {block: pair, filters: 8}  # archc: allow ARC915
  relu1: {op: relu}
  y2: {block: pool, kernel: 2, filters: 8}
  relu: {op: relu}
  z: {block: pool, kernel: 3, filters: 8}
  relu2: {op: relu}

parallel:
  devices: 2
  strategy: columns
  layers:
    z.conv: split  # archc: allow ARC911 - to be seen
"""


def test_suppressed_advice_is_suppressed_in_the_flat_spec(tmp_path: Path) -> None:
    spec, flat = tmp_path / "a.yaml", tmp_path / "flat.yaml"
    spec.write_text(SILENCED, encoding="utf-8")
    flat.write_text(archc("expand", str(spec)).stdout, encoding="utf-8")
    kept = [line.strip() for line in flat.read_text(encoding="utf-8").split("\n") if "allow" in line]
    dark = "# archc: allow ARC902 - the border is dark"
    assert kept == [
        "# archc: allow ARC916 - as in the paper",
        dark,
        "# archc: allow ARC915",
        dark,
        "# archc: allow ARC911 - to be seen",
    ]
    assert archc("check", str(spec)).stderr == archc("check", str(flat)).stderr == ""
    assert archc("fmt", "--check", str(flat)).returncode == 0
