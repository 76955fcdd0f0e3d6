"""archc diff: the report, and the exit code that shows whether two specs differ."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def other(small: Path) -> Path:
    """small.yaml with five units more."""
    place = Path("other.yaml")
    place.write_text(small.read_text().replace("units: 5", "units: 10"))
    return place


def test_the_same_is_0_and_another_is_1(archc, small: Path, other: Path) -> None:
    result = archc("diff", small, small)
    assert (result.code, result.out, result.err) == (0, "small.yaml and small.yaml are equivalent\n", "")
    result = archc("diff", small, other)
    assert (result.code, result.err) == (1, "")
    assert result.out.splitlines()[:4] == [
        "small.yaml → other.yaml",
        "",
        "~ fc  units 5 → 10",
        "    5 → 10; parameters 725 → 1,450; MACs 720 → 1,440",
    ]


def test_advice_is_ignored(archc, small: Path) -> None:
    small.write_text(small.read_text().replace(", weight_init: {normal: {std: 0.1}}", ""))
    assert archc("check", small).out.count("advice[") == 1
    result = archc("diff", small, small)
    assert (result.code, result.err) == (0, "")


def test_one_with_errors_is_2_and_its_findings(archc, small: Path, other: Path) -> None:
    other.write_text(other.read_text().replace("units", "unit"))
    for arguments in ((small, other), (other, small)):
        result = archc("diff", *arguments)
        assert (result.code, result.out) == (2, "")
        assert result.err.startswith("other.yaml:9:")
        assert result.err.splitlines()[-1] == "error: nothing to compare: other.yaml has errors"


def test_both_with_errors(archc, small: Path, other: Path) -> None:
    for file in (small, other):
        file.write_text(file.read_text().replace("units", "unit"))
    result = archc("diff", small, other)
    assert (result.code, result.out) == (2, "")
    assert result.err.count("error[ARC") == 2
    assert result.err.splitlines()[-1] == "error: nothing to compare: small.yaml and other.yaml have errors"


def test_a_missing_spec(archc, small: Path) -> None:
    result = archc("diff", small, "none.yaml")
    assert (result.code, result.err.splitlines()[0]) == (2, "error: file not found: none.yaml")


def test_a_folder_is_not_a_spec(archc, small: Path) -> None:
    result = archc("diff", small, ".")
    assert (result.code, result.err) == (2, "error: . is a folder; a spec is a YAML file\n")


def test_one_of_them_from_standard_input(archc, small: Path, other: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for arguments, said in ((("-", small), "<stdin> → small.yaml"), ((small, "-"), "small.yaml → <stdin>")):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(other.read_bytes())))
        result = archc("diff", *arguments)
        assert (result.code, result.out.splitlines()[0]) == (1, said)


def test_standard_input_is_one_spec(archc) -> None:
    result = archc("diff", "-", "-")
    assert (result.code, result.err) == (2, "error: standard input can be only one of the two specs\n")


@pytest.mark.skipif(shutil.which("bash") is None, reason="sh alone has no <(…)")
def test_a_pipe_of_the_shell(small: Path, other: Path) -> None:
    command = f'"{sys.executable}" "{ROOT / "cli.py"}" diff <(cat small.yaml) <(cat other.yaml)'
    done = subprocess.run(["bash", "-c", command], capture_output=True, encoding="utf-8")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines()[2] == "~ fc  units 5 → 10"


def test_json(archc, small: Path, other: Path) -> None:
    result = archc("diff", small, other, "--output-format", "json")
    assert (result.code, result.err) == (1, "")
    document = json.loads(result.out)
    assert (document["version"], document["same"]) == (1, False)
    assert (document["before"]["parameters"], document["after"]["parameters"]) == (837, 1562)
    (layer,) = document["layers"]
    assert layer["kind"] == "changed"
    assert layer["fields"] == [{"path": "units", "before": "5", "after": "10"}]
    assert (layer["before"]["output"], layer["after"]["output"]) == ([5], [10])
    (effect,) = document["effects"]
    assert (effect["causes"], [pair["after"]["name"] for pair in effect["layers"]]) == (["fc"], ["prob"])
    assert json.loads(archc("diff", small, small, "--output-format", "json").out)["same"] is True


def test_a_comment_on_a_pull_request(archc, small: Path, other: Path) -> None:
    result = archc("diff", small, other, "--output-format", "markdown")
    assert (result.code, result.err) == (1, "")
    assert result.out.startswith("### `small.yaml` → `other.yaml`\n\n1 layer changed, 1 affected.\n")
    assert "| ~ | `fc` | `units 5 → 10` | 5 → 10<br>" in result.out


FAILING = {
    "a shape": ("units: 5,", "units: 5, expect: [6],"),
    "a total": ("layers:", "expect: {parameters: 1}\nlayers:"),
    "exchanges": ("layers:", "expect: {exchanges: [fc]}\nlayers:"),
    "memory": ("layers:", "expect: {memory: 0MiB}\nlayers:"),
    "devices": ("layers:", "parallel: {devices: 7, strategy: columns}\nlayers:"),
    "a placed layer": ("layers:", "parallel: {devices: 2, strategy: data, layers: {class: split}}\nlayers:"),
    "an unused layer": ("layers:", "outputs: [fc]\nlayers:"),
    "an unknown output": ("layers:", "outputs: [prob, prop]\nlayers:"),
    "the type of a total": ("layers:", "expect: {parameters: '837'}\nlayers:"),
    "the size of a memory": ("layers:", "expect: {memory: 1KiB}\nlayers:"),
    "an expected shape that is none": ("{op: dense, ", "{op: dense, expect: [five], "),
    "a recipe": ("layers:", "train: fast\nlayers:"),
    "a split": ("layers:", "parallel: {devices: 2, strategy: diagonal}\nlayers:"),
    "the name of a layer": ("prob:", "prob-1:"),
    "the name": ("name: small", "name: 7up"),
    "no name": ("name: small\n", ""),
}


@pytest.mark.parametrize("which", FAILING)
@pytest.mark.parametrize("side", ["before", "after"])
def test_errors_that_leave_shapes_known_are_a_note(archc, small: Path, other: Path, which: str, side: str) -> None:
    file = small if side == "before" else other
    before, after = FAILING[which]
    text = file.read_text().replace("units: 10,", "units: 10, expect: [6],") if which == "a shape" else file.read_text()
    file.write_text(text.replace(before, after, 1))
    assert "error[" in archc("check", file).out
    result = archc("diff", small, other)
    assert (result.code, result.err) == (1, "")
    assert "~ fc  units 5 → 10\n" in result.out
    *_, note, fault = result.out.splitlines()
    assert note.startswith("note: compared in spite of 1 error")
    assert fault.startswith(f"  {file}:") and "error[ARC" in fault
    document = json.loads(archc("diff", small, other, "--output-format", "json").out)
    assert [finding["file"] for finding in document["findings"]] == [str(file)]
    assert document["placed"] == (which not in ("devices", "a split"))
    markdown = archc("diff", small, other, "--output-format", "markdown").out
    assert "Compared in spite of 1 error" in markdown
    assert markdown.splitlines()[-1].startswith((f"- `{file}:", f"- <code>{file}:"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("units: 5,", "units: 5, units: 5,"),
        ("layers:", "defaults: {dense: {bias: maybe}}\nlayers:"),
        ("layers:", "default_values: {dense: {bias: true}}\nlayers:"),
        ("layers:", "layers: {}\nlayers:"),
        ("prob:", "fc:"),
        ("input:", "inputs:"),
        ("units: 5,", "units: 5, colour: red,"),
    ],
)
def test_errors_where_shapes_come_from_leave_nothing_to_compare(
    archc, small: Path, other: Path, before: str, after: str
) -> None:
    text = small.read_text()
    assert before in text
    small.write_text(text.replace(before, after, 1))
    result = archc("diff", small, other)
    assert (result.code, result.out) == (2, "")
    assert result.err.splitlines()[-1] == "error: nothing to compare: small.yaml has errors"


def test_a_section_that_cannot_be_read_is_not_compared(archc, small: Path, other: Path) -> None:
    other.write_text(small.read_text() + "train: {batch: many}\nexpect: {macs: '832'}\n")
    small.write_text(small.read_text() + "train: {batch: 64}\nexpect: {macs: 832}\n")
    result = archc("diff", small, other)
    assert (result.code, result.err) == (0, "")
    first, note, *faults = result.out.splitlines()
    assert first == "small.yaml and other.yaml are equivalent"
    assert note.startswith("note: compared in spite of ")
    assert note.endswith(" errors, without `expect:`, `train:`:")
    assert faults


def test_equivalent_networks_of_which_one_does_not_hold(archc, small: Path, other: Path) -> None:
    other.write_text(small.read_text() + "parallel: {devices: 3, strategy: columns}\n")
    small.write_text(other.read_text())
    result = archc("diff", small, other)
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines()[:2] == [
        "small.yaml and other.yaml are equivalent",
        "note: compared in spite of 2 errors, with all figures for one device:",
    ]


def test_an_expected_shape_that_is_not_met_is_an_expected_shape(archc, small: Path, other: Path) -> None:
    for file, units in ((small, 5), (other, 10)):
        file.write_text(file.read_text().replace(f"units: {units},", f"units: {units}, expect: [5],"))
    assert "expect.shapes" not in archc("diff", small, other).out


def test_advice_beside_an_error_is_not_noted(archc, small: Path, other: Path) -> None:
    other.write_text(other.read_text().replace(", weight_init: {normal: {std: 0.1}}", "") + "expect: {macs: 1}\n")
    assert "advice" not in archc("diff", small, other).out
