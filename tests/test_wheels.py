"""What users install: the wheels, in an environment that holds nothing but archc's own dependencies."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from importlib import metadata
from pathlib import Path
from zipfile import ZipFile

import pytest

from archc.emit.seal import seal

ROOT = Path(__file__).parents[1]
UV = [sys.executable, "-m", "uv", "--quiet"]
PACKAGES = {"archc_compiler": "archc", "archc_torch": "archc_torch", "archc_keras": "archc_keras"}
"""The package in each distribution."""
PROJECTS = {name: ROOT if name == "archc_compiler" else ROOT / "backends" / name.replace("_", "-") for name in PACKAGES}
ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}


def run(*command: str | Path, cwd: Path) -> str:
    """What a command that ends well prints."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=ENVIRONMENT)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def install(python: Path, requirements: str, *wheels: Path) -> None:
    """Wheels, and what is required, copied from the environment of the tests: without a network or uv's cache."""
    (packages,) = python.parents[1].glob("lib/python*/site-packages")
    here = Path(sysconfig.get_path("purelib"))
    for line in requirements.splitlines():
        requirement, _, marker = line.partition(";")
        name = requirement.partition("==")[0].strip()
        if not name or name.startswith("#"):
            continue
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            assert marker, f"{name} is required, and not in the environment of the tests"
            continue
        for file in found.files or ():
            source = Path(str(file.locate()))
            if source.is_relative_to(here) and source.is_file():
                place = packages / source.relative_to(here)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, place)
    if wheels:
        run(*UV, "pip", "install", "--python", python, "--offline", "--no-deps", *wheels, cwd=ROOT)


def build(folder: Path, *options: str) -> dict[str, Path]:
    """What `uv build --all-packages` makes: without options, a source distribution of each project and its wheel."""
    command = ["build", "--all-packages", "--no-build-isolation", "--offline", "--python", sys.executable]
    run(*UV, *command, *options, "--out-dir", folder, cwd=ROOT)
    return {wheel.name.partition("-")[0]: wheel for wheel in folder.glob("*.whl")}


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheel of each distribution, built from its source distribution, which lies beside it."""
    return build(tmp_path_factory.mktemp("wheels"))


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with archc's dependencies as they are locked, and without archc."""
    folder = tmp_path_factory.mktemp("bare")
    run(*UV, "venv", "--python", sys.executable, folder / "env", cwd=ROOT)
    export = ["export", "--frozen", "--package", "archc-compiler", "--no-dev", "--no-emit-workspace", "--no-hashes"]
    (folder / "requirements.txt").write_text(run(*UV, *export, cwd=ROOT))
    python = folder / "env" / "bin" / "python"
    install(python, (folder / "requirements.txt").read_text())
    return python


@pytest.fixture(scope="module")
def installed(bare: Path, wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of a copy of it with the wheels, whose frameworks are not there."""
    folder = tmp_path_factory.mktemp("installed")
    run(*UV, "venv", "--python", sys.executable, folder / "env", cwd=ROOT)
    python = folder / "env" / "bin" / "python"
    install(python, (bare.parents[2] / "requirements.txt").read_text(), *wheels.values())
    return python.parent


def test_a_wheel_claims_its_own_name_only(wheels: dict[str, Path]) -> None:
    assert set(wheels) == set(PACKAGES)
    for distribution, wheel in wheels.items():
        tops = {name.partition("/")[0] for name in ZipFile(wheel).namelist()}
        (information,) = tops - {PACKAGES[distribution]}
        assert information.startswith(f"{distribution}-")
        assert information.endswith(".dist-info")


def test_what_is_in_the_wheels(wheels: dict[str, Path]) -> None:
    for distribution, wheel in wheels.items():
        package = PACKAGES[distribution]
        archive = ZipFile(wheel)
        names = set(archive.namelist())
        assert f"{package}/py.typed" in names
        assert not any("__pycache__" in name for name in names)
        project = PROJECTS[distribution]
        for file in (*(project / package).rglob("*.py"), *(project / package).rglob("*.md")):
            assert archive.read(str(file.relative_to(project))) == file.read_bytes()
        (licence,) = (name for name in names if name.endswith("/LICENSE"))
        assert archive.read(licence) == (ROOT / "LICENSE").read_bytes()
    archive = ZipFile(wheels["archc_compiler"])
    shipped = {name for name in archive.namelist() if name.startswith(("archc/specs/", "archc/studies/"))}
    files = (file for folder in ("specs", "studies") for file in (ROOT / folder).rglob("*.*"))
    assert shipped == {f"archc/{file.relative_to(ROOT)}" for file in files if file.suffix != ".pyc"}
    for name in shipped:
        assert archive.read(name) == (ROOT / name.removeprefix("archc/")).read_bytes()


def test_a_wheel_is_the_same_without_a_source_distribution_between(wheels: dict[str, Path], tmp_path: Path) -> None:
    for distribution, wheel in build(tmp_path, "--wheel").items():
        assert sorted(ZipFile(wheel).namelist()) == sorted(ZipFile(wheels[distribution]).namelist())


@pytest.mark.parametrize("distribution", PACKAGES)
def test_a_source_distribution_has_files_only_and_its_licence(wheels: dict[str, Path], distribution: str) -> None:
    """A link out of its root is refused by installers."""
    (source,) = wheels[distribution].parent.glob(f"{distribution}-*.tar.gz")
    with tarfile.open(source) as archive:
        assert all(member.isfile() or member.isdir() for member in archive.getmembers())
        licence = archive.extractfile(f"{source.name.removesuffix('.tar.gz')}/LICENSE")
        assert licence is not None
        assert licence.read() == (ROOT / "LICENSE").read_bytes()


def test_no_distribution_requires_the_stranger_that_is_called_archc(wheels: dict[str, Path]) -> None:
    for distribution, wheel in wheels.items():
        archive = ZipFile(wheel)
        (about,) = (name for name in archive.namelist() if name.endswith("METADATA"))
        lines = archive.read(about).decode().splitlines()
        assert f"Name: {distribution.replace('_', '-')}" in lines
        lines = [line.removeprefix("Requires-Dist: ") for line in lines if line.startswith("Requires-Dist: ")]
        assert "archc" not in [re.split(r"[^\w-]", line)[0] for line in lines]


def test_what_the_wheels_bring_into_an_environment(bare: Path, installed: Path) -> None:
    def tops(python: Path) -> set[str]:
        (packages,) = python.parents[1].glob("lib/python*/site-packages")
        return {place.name for place in packages.iterdir() if place.name != "__pycache__"}

    brought = tops(installed / "python") - tops(bare)
    assert {name for name in brought if not name.endswith(".dist-info")} == set(PACKAGES.values())
    assert (installed / "archc").is_file()


def test_a_missing_backend_is_installed_by_the_command_that_the_error_shows(
    bare: Path, wheels: dict[str, Path], tmp_path: Path
) -> None:
    """From wheels: by the wheel that lies beside that of archc. The frameworks, several GB, are left out here."""
    own = subprocess.run([sys.executable, "-m", "venv", tmp_path / "env"], capture_output=True, env=ENVIRONMENT)
    if own.returncode:  # Debian's Python has no pip for a new environment, and uv asks the registry for it
        run(*UV, "venv", "--clear", "--seed", "--python", sys.executable, tmp_path / "env", cwd=ROOT)
    python = tmp_path / "env" / "bin" / "python"
    install(python, (bare.parents[2] / "requirements.txt").read_text(), wheels["archc_compiler"])
    command = [python, "-m", "archc", "build", "-o", "net.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=ENVIRONMENT)
    assert done.returncode == 3
    error, help = done.stderr.splitlines()[-2:]
    assert error == "error: the backend `torch` is not installed"
    assert help == f"  `env/bin/python -m pip install {wheels['archc_torch']}`"
    shown = shlex.split(help.strip(" `"))
    run(tmp_path / shown[0], *shown[1:], "--no-deps", cwd=tmp_path)
    assert run(*command, cwd=tmp_path).startswith("net.py: class Alexnet")


def test_in_a_checkout_the_error_shows_its_own_projects(bare: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [bare, ROOT / "cli.py", "build"], cwd=tmp_path, capture_output=True, text=True, env=ENVIRONMENT
    )
    what = f"-e {ROOT} -e {ROOT}/backends/archc-torch"
    assert done.stderr.splitlines()[-1] == f"  `{bare} -m ensurepip && {bare} -m pip install {what}`"


@pytest.mark.parametrize("framework", ["torch", "tensorflow", "keras", "numpy"])
def test_no_framework_is_needed(installed: Path, tmp_path: Path, framework: str) -> None:
    script = f"import importlib.util; print(importlib.util.find_spec({framework!r}))"
    assert run(installed / "python", "-c", script, cwd=tmp_path) == "None\n"


def test_check_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    done = subprocess.run([installed / "archc", "check"], cwd=tmp_path, capture_output=True, text=True, env=ENVIRONMENT)
    assert done.returncode == 0
    assert "60,965,224 parameters, 724,406,816 MACs per example" in done.stdout
    assert re.search(r"no spec given; using \S+site-packages/archc/specs/alexnet\.yaml\n", done.stderr)


@pytest.mark.parametrize("backend", ["torch", "keras"])
def test_build_without_the_framework(installed: Path, tmp_path: Path, backend: str) -> None:
    said = run(installed / "archc", "build", "--backend", backend, "-o", "net.py", cwd=tmp_path)
    assert said.startswith("net.py: class Alexnet")
    golden = ROOT / "tests" / "backends" / backend / "golden" / "alexnet.py"
    assert (tmp_path / "net.py").read_text() == seal(golden.read_text())


def test_a_checkout_needs_archc_s_own_dependencies_only(bare: Path, tmp_path: Path) -> None:
    for folder in ("archc", "specs"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "cli.py", tmp_path)
    said = run(bare, "cli.py", "check", "specs/alexnet.yaml", cwd=tmp_path)
    assert said.startswith("specs/alexnet.yaml is valid\n")
    assert "60,965,224 parameters" in said
