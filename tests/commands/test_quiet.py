"""-q and --quiet: only findings and errors are printed, with the same exit code as without."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from recorded import step, write_run

from archc.commands import EXAMPLES

COMMANDS = {
    "check": "check small.yaml",
    "check of several": "check small.yaml other.yaml",
    "check of a folder": "check .",
    "check --fix": "check small.yaml --fix",
    "build": "build small.yaml",
    "build --check": "build small.yaml --check",
    "plan": "plan small.yaml",
    "graph": "graph small.yaml",
    "fmt": "fmt small.yaml",
    "fmt --check": "fmt small.yaml --check",
    "diff": "diff small.yaml small.yaml",
    "init": "init new.yaml",
    "plot": "plot run",
}


@pytest.fixture
def sound(small: Path) -> Path:
    """Specs without a finding, one of them emitted, beside a YAML file that is not a spec."""
    text = small.read_text().replace("units: 5", "units: 8")
    small.write_text(text)
    Path("other.yaml").write_text(text.replace("name: small", "name: other"))
    Path("plain.yaml").write_text("a: 1\n")
    write_run(Path("run"), step(1, 2.0))
    return small


@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize("flag", ["-q", "--quiet"])
def test_success_prints_nothing(archc, sound: Path, arguments: str, flag: str) -> None:
    archc("fmt", "small.yaml")
    archc("build", "small.yaml")
    result = archc(*arguments.split(), flag)
    assert (result.code, result.out, result.err) == (0, "", "")


def test_a_run_prints_nothing(sound: Path) -> None:
    """Nor does the process that trains."""
    command = [sys.executable, "-m", "archc", "train", str(sound), "--steps", "1", "--batch", "4", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(Path("runs").glob("small-*/receipt.json"))


def test_a_study_prints_nothing(sound: Path) -> None:
    runs = f"runs: {{one: {{spec: {sound}}}}}\nseeds: [0]\ntrain: {{steps: 1, batch: 4}}\n"
    Path("study.yaml").write_text(f"schema: archc-study/v1\nname: quiet\n{runs}")
    command = [sys.executable, "-m", "archc", "study", "study.yaml", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert Path("runs/quiet/results.json").is_file()


def test_every_command_but_those_that_only_print_can_be_quiet() -> None:
    quiet = {"train", "study", *(arguments.split()[0] for arguments in COMMANDS.values())}
    assert quiet == set(EXAMPLES) - {"explain", "schema", "backends", "expand", "runs", "evaluate", "predict"}


@pytest.mark.parametrize("command", ["check", "fmt --check", "build", "plan", "graph"])
def test_the_default_spec_is_not_named(archc, sound: Path, command: str) -> None:
    Path("specs").mkdir()
    sound.rename("specs/alexnet.yaml")
    assert "no spec given" in archc(*command.split()).err
    for place in (*Path().glob("*.py"), *Path().glob("*.svg")):
        place.unlink()
    result = archc(*command.split(), "-q")
    assert "no spec given" not in result.err
    assert result.out == ("would format specs/alexnet.yaml\n" if "fmt" in command else "")


@pytest.mark.parametrize("command", ["check", "build", "plan", "graph", "diff small.yaml", "train"])
def test_errors_are_printed(archc, small: Path, command: str) -> None:
    small.write_text(small.read_text().replace("kernel: 3", "kernel: 9"))
    loud, quiet = (archc(*command.split(), "small.yaml", *flags) for flags in ((), ("-q",)))
    assert loud.code == quiet.code != 0
    assert "error[ARC201]" in quiet.out + quiet.err


@pytest.mark.parametrize("flags", [(), ("--strict",), ("--output-format", "concise"), ("--output-format", "json")])
def test_advice_is_a_finding(archc, small: Path, flags: tuple[str, ...]) -> None:
    small.write_text(small.read_text().replace("weight_init: {normal: {std: 0.1}}}\n  class", "}\n  class"))
    small.write_text(small.read_text().replace(", }", "}"))
    loud, quiet = archc("check", small, *flags), archc("check", small, *flags, "-q")
    assert loud.code == quiet.code
    assert "ARC9" in quiet.out
    assert "failing on" not in quiet.err
    if "json" in flags:
        assert quiet.out == loud.out


def test_what_would_change_is_a_finding(archc, small: Path) -> None:
    small.write_text(small.read_text().replace("name: small", "name:   small"))
    result = archc("fmt", small, "--check", "-q")
    assert (result.code, result.out, result.err) == (1, "would format small.yaml\n", "")
    result = archc("fmt", small, "-q")
    assert (result.code, result.out, result.err) == (0, "", "")


def test_a_file_that_is_out_of_date_is_a_finding(archc, small: Path) -> None:
    result = archc("build", small, "--check", "-q")
    assert (result.code, result.out) == (1, "small_torch.py is out of date: the file does not exist\n")


def test_a_difference_is_the_exit_code_alone(archc, small: Path) -> None:
    Path("other.yaml").write_text(small.read_text().replace("units: 5", "units: 8"))
    result = archc("diff", small, "other.yaml", "-q")
    assert (result.code, result.out, result.err) == (1, "", "")
    assert archc("diff", small, "other.yaml", "-q", "--output-format", "json").out.startswith("{")


def test_a_text_that_goes_to_standard_output_stays(archc, small: Path) -> None:
    assert archc("build", small, "-o", "-", "-q").out.startswith('"""A small network.')
    assert archc("graph", small, "-o", "-", "-q").out.startswith("<svg")
