"""The hooks for pre-commit and the GitHub action: they call archc as it is, and documentation lists what they take."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml

from archc.commands import EXAMPLES

ROOT = Path(__file__).parents[1]
HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
STEPS: dict[str, dict[str, Any]] = {step["name"]: step for step in ACTION["runs"]["steps"] if "run" in step}

FLAWED = "schema: archc/v1\nname: net\ninput: {image: [3, 8, 8]}\nlayers:\n  relu1: {op: rely}\n"


def entry(hook: str) -> list[str]:
    """The arguments of a hook's command, after `archc`."""
    (found,) = (each for each in HOOKS if each["id"] == hook)
    name, *arguments = shlex.split(found["entry"])
    assert name == "archc"
    return arguments


@pytest.mark.parametrize("hook", [each["id"] for each in HOOKS])
def test_a_hook_calls_a_command_with_options_that_it_has(archc, hook: str) -> None:
    command, *options = entry(hook)
    assert command in EXAMPLES
    known = re.findall(r"--[\w-]+", archc(command, "--help").out)
    assert set(options) <= set(known)


def test_the_page_names_every_hook() -> None:
    example, _ = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    ((repository,),) = yaml.safe_load(example).values()
    assert sorted(each["id"] for each in repository["hooks"]) == sorted(each["id"] for each in HOOKS)
    for hook in HOOKS:
        assert f"`{hook['id']}`" in PAGE


def test_the_check_hook_reports_specs_and_skips_other_yaml(archc, small: Path) -> None:
    Path("other.yaml").write_text("services: [a, b]\n")
    assert archc(*entry("archc-check"), small, "other.yaml").code == 0
    Path("flawed.yaml").write_text(FLAWED)
    result = archc(*entry("archc-check"), small, "other.yaml", "flawed.yaml")
    assert result.code == 1
    assert "flawed.yaml:5:15: error[ARC102]" in result.out
    assert "is valid" not in result.out


def test_the_fmt_hook_formats_specs_only(archc, small: Path) -> None:
    other = "services:   [a,   b]\n"
    Path("other.yaml").write_text(other)
    archc("fmt", small)
    formatted = small.read_text()
    small.write_text(formatted.replace("name: small", "name:    small"))
    assert archc(*entry("archc-fmt"), small, "other.yaml").code == 0
    assert (small.read_text(), Path("other.yaml").read_text()) == (formatted, other)


def test_the_build_hook_reports_a_file_that_is_out_of_date(archc, small: Path) -> None:
    arguments = [*entry("archc-build"), small, "-o", "net.py"]
    assert archc(*arguments).code == 1
    assert archc("build", small, "-o", "net.py").code == 0
    assert (archc(*arguments).code, archc(*arguments).out) == (0, "")


def test_the_page_lists_every_input_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `([\w-]+)` \| .* \| `([^`]+)` \|$", PAGE, re.MULTILINE))
    assert rows == {name: field["default"] for name, field in ACTION["inputs"].items()}


def test_no_input_is_run_as_code() -> None:
    assert len(STEPS) == 2
    for step in STEPS.values():
        assert "${{" not in step["run"]
        for name, value in step.get("env", {}).items():
            assert value == f"${{{{ inputs.{name.lower()} }}}}"


def run_step(name: str, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a step of the action in a folder, as the runner does."""
    environment = {**os.environ, "RUNNER_TEMP": str(folder / "temp"), "GITHUB_ACTION_PATH": str(ROOT), **settings}
    command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", STEPS[name]["run"]]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)


@pytest.fixture
def workspace(tmp_path: Path, small: Path) -> Path:
    """A repository with specs, where the step that installs archc has run."""
    place = tmp_path / "temp" / "archc" / "bin" / "archc"
    place.parent.mkdir(parents=True)
    place.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m archc "$@"\n')
    place.chmod(0o755)
    specs = tmp_path / "specs"
    specs.mkdir()
    small.rename(specs / "small.yaml")
    return tmp_path


def test_the_action_checks(workspace: Path) -> None:
    done = run_step("Check the specs", workspace, SPECS="specs\n", STRICT="false")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (workspace / "specs" / "net 2.yaml").write_text(FLAWED)
    done = run_step("Check the specs", workspace, SPECS="specs/small.yaml\n\nspecs/net 2.yaml\n", STRICT="false")
    assert done.returncode == 1
    assert done.stdout.startswith("::error file=specs/net 2.yaml,line=5,")


def test_the_action_is_strict_if_asked(workspace: Path) -> None:
    spec = workspace / "specs" / "small.yaml"
    spec.write_text(spec.read_text().replace(", weight_init: {normal: {std: 0.1}}", ""))
    codes = [
        run_step("Check the specs", workspace, SPECS="specs", STRICT=strict).returncode for strict in ("false", "true")
    ]
    assert codes == [0, 1]


@pytest.mark.parametrize(
    ("specs", "strict", "error"),
    [
        ("specs", "yes", "strict is neither true nor false"),
        ("", "true", "specs is empty"),
        ("\n", "true", "specs is empty"),
    ],
)
def test_the_action_refuses_other_inputs(workspace: Path, specs: str, strict: str, error: str) -> None:
    done = run_step("Check the specs", workspace, SPECS=specs, STRICT=strict)
    assert (done.returncode, done.stdout) == (2, f"::error::the input {error}\n")


@pytest.mark.parametrize(
    "specs", ["$(touch pwned)", "`touch pwned`", "a; touch pwned", "--fix", "--output-format=json"]
)
def test_an_input_stays_a_name(workspace: Path, specs: str) -> None:
    done = run_step("Check the specs", workspace, SPECS=specs, STRICT="false")
    assert done.returncode == 2
    assert "file not found: " in done.stderr
    assert not (workspace / "pwned").exists()


def test_the_action_installs_its_own_archc(tmp_path: Path, small: Path) -> None:
    """With the build system and the dependencies of this environment, so that no index is needed."""
    # pip reads 0 as the value of the option --no-build-isolation itself: build without isolation.
    here = {"PYTHONPATH": sysconfig.get_path("purelib"), "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0"}
    done = run_step("Install archc", tmp_path, **here)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    (installed,) = (tmp_path / "temp" / "archc").glob("lib/python*/site-packages/archc/commands/check.py")
    assert installed.read_bytes() == (ROOT / "archc" / "commands" / "check.py").read_bytes()
    done = run_step("Check the specs", tmp_path, SPECS=str(small), STRICT="true", PYTHONPATH=here["PYTHONPATH"])
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
