"""Paths that are not UTF-8 or control a terminal: each command works with them, or refuses them in one line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import archc
from archc.pictures.folder import LAYOUT

ODD = os.fsdecode(b"\xff\n\x1b[31m\xe2\x80\xae")
"""A byte that is no UTF-8, a line break, a colour and a right-to-left override, as a name."""
SHOWN = "\\udcff\\u000a\\u001b[31m\\u202e"


@pytest.fixture
def odd(small: Path, here: Path) -> Path:
    """A folder of this name with everything in it under this name: the spec, one with an error, and pictures.

    The spec is also beside it, as small.yaml.
    """
    place = here / ODD
    place.mkdir()
    small.write_text(small.read_text().replace("units: 5", "units: 8"))
    (place / f"{ODD}.yaml").write_bytes(small.read_bytes())
    (place / f"bad{ODD}.yaml").write_text(small.read_text().replace("kernel: 3", "kernel: 9"))
    for label in ("a", f"b{ODD}"):
        (place / ODD / label).mkdir(parents=True)
        for number in range(4):
            Image.new("RGB", (9, 8), (30 * number, 90, 20)).save(place / ODD / label / f"{number}{ODD}.png")
    return place


def run(folder: Path, *arguments: str, **settings: str) -> tuple[int, str, str]:
    """A command in a process of its own: the code and what it prints, without a raw control character."""
    command = [sys.executable, "-m", "archc", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, env={**os.environ, **settings}, check=False)
    for stream in (done.stdout, done.stderr):
        text = stream.decode()  # UTF-8 throughout
        assert all(line.isprintable() for line in text.split("\n")), text
        assert "internal error" not in text
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_the_c_locale_changes_nothing(odd: Path) -> None:
    for command in ("check", "fmt", "plan", "graph", "build"):
        done = run(odd, command, f"{ODD}.yaml", LC_ALL="C")
        assert done[0] == 0, done


def test_files_of_archc_itself_in_such_a_folder(small: Path, odd: Path) -> None:
    repository = Path(archc.__file__).parents[1]
    for name in ("archc", "specs"):
        (odd / name).symlink_to(repository / name)
    code, _, err = run(odd.parent, "check", PYTHONPATH=str(odd))
    assert (code, err) == (0, f"no spec given; using {odd.parent}/{SHOWN}/specs/alexnet.yaml\n")
    # A defect: its report is in the temporary folder, and names archc's files.
    defect = "import archc.commands.check as c, archc.commands as m; c.analyse = None; m.main()"
    command = [sys.executable, "-c", defect, "check", str(small)]
    environment = {**os.environ, "TMPDIR": str(odd), "PYTHONPATH": str(odd)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.stderr.startswith("internal error: TypeError. Please report it and attach ")
    assert f"{SHOWN}/archc-error-" in done.stderr


def test_commands_take_such_paths(odd: Path) -> None:
    spec, bad = f"{ODD}.yaml", f"bad{ODD}.yaml"
    assert run(odd, "check", spec)[0] == 0
    for output_format in ("full", "concise", "json", "github", "sarif"):
        assert run(odd, "check", bad, "--output-format", output_format)[0] == 1
    assert run(odd, "check", spec, bad, ".", "--fix")[0] == 1
    assert run(odd.parent, "check", ODD)[0] == 1
    assert run(odd, "fmt", spec)[0] == 0
    assert run(odd, "fmt", bad, "--check")[0] in (0, 1)
    for output_format in ("full", "json", "markdown"):
        assert run(odd, "diff", spec, spec, "--output-format", output_format)[0] == 0
    assert run(odd, "diff", spec, f"gone{ODD}")[0] == 2
    assert run(odd, "plan", spec, "--output-format", "json")[0] == 0
    assert run(odd, "plan", bad)[0] == 1
    for name in (f"{ODD}.svg", f"{ODD}.mmd", f"{ODD}.dot"):
        assert run(odd, "graph", spec, "-o", name)[0] == 0
    assert run(odd, "graph", spec, "-o", f"a.{ODD}")[0] == 2
    for backend in ("torch", "keras"):
        name = f"{backend}{ODD}.py"
        for more in ((), ("--check",), ("--check", "--output-format", "json")):
            assert run(odd, "build", spec, "--backend", backend, "-o", name, *more)[0] == 0
        compile((odd / name).read_text(encoding="utf-8"), "emitted", "exec")
    assert run(odd, "build", spec, "-o", f"{ODD}/x.py", "--check")[0] == 1
    assert run(odd, "build", spec, "-o", f"{spec}/x.py")[0] == 3


@pytest.mark.parametrize(
    ("folder", "options", "what", "help"),
    [
        (".", [f"{ODD}/{ODD}.yaml"], "the spec", "rename the spec"),
        (".", ["small.yaml", "--run", ODD + "2"], "the run", "choose another folder: `--run DIR`"),
        (".", ["small.yaml", "--run", "link/run"], "the run", "choose another folder: `--run DIR`"),
        (".", ["small.yaml", "--data", f"{ODD}/{ODD}"], "the pictures", "rename that folder, or move the pictures"),
        (".", ["small.yaml", "--data", f"link/{ODD}"], "the pictures", "rename that folder, or move the pictures"),
        (ODD, ["../small.yaml"], "the run", "choose another folder: `--run DIR`"),
        (ODD, ["../small.yaml", "--run", "../run", "--data", "."], "the pictures", "rename that folder"),
    ],
)
def test_a_run_refuses_paths_that_its_records_cannot_contain(
    odd: Path, folder: str, options: list[str], what: str, help: str
) -> None:
    (odd.parent / "link").symlink_to(odd)
    before = sorted(odd.parent.rglob("*"))
    code, out, err = run(odd.parent / folder, "train", *options)
    assert (code, out) == (2, "")
    error, fix = err.splitlines()
    assert error.startswith(f"error: the path of {what} is not UTF-8: ")
    assert SHOWN in error
    assert fix.startswith(f"  {help}")
    assert sorted(odd.parent.rglob("*")) == before


def test_a_run_takes_classes_and_pictures_of_any_name(odd: Path) -> None:
    (odd / ODD).rename(odd.parent / "data")
    options = ("--data", "data", "--batch", "4", "--steps", "1", "--run", "run")
    code, _, err = run(odd.parent, "train", "small.yaml", *options, "--gpus", "2")
    assert code == 0, err
    broken = odd.parent / "data" / f"b{ODD}" / f"1{ODD}.png"
    broken.write_bytes(b"")
    code, _, err = run(odd.parent, "train", "small.yaml", *options[:-1], "again")
    assert code == 1
    assert f"data/b{SHOWN}/1{SHOWN}.png: the file is empty" in err


LONG = "x" * 300
"""The system refuses this name, as it refuses to look into a folder without permission."""


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (f"check {LONG}", 2),
        (f"check small.yaml {LONG}", 2),
        (f"fmt {LONG}", 2),
        (f"diff small.yaml {LONG}", 2),
        (f"plan {LONG}", 2),
        (f"graph small.yaml -o {LONG}.svg", 3),
        (f"build small.yaml -o {LONG}.py", 3),
        (f"build small.yaml -o {LONG}.py --check", 3),
        (f"train {LONG}", 2),
        (f"train small.yaml --run {LONG}", 2),
        (f"train small.yaml --run {LONG}/run", 2),
        (f"train small.yaml --data {LONG}", 2),
        ("train small.yaml --run circle", 2),
        ("train small.yaml --data circle", 2),
    ],
)
def test_a_path_that_the_system_refuses(small: Path, here: Path, command: str, code: int) -> None:
    Path("circle").symlink_to("circle")
    got, out, err = run(here, *command.split())
    assert (got, out) == (code, "")
    reason = "Too many levels of symbolic links" if "circle" in command else "File name too long"
    (error,) = (line for line in err.splitlines() if line.startswith("error: "))
    assert error.endswith(f": {reason}")
    assert not Path("runs").exists()


def test_a_folder_of_pictures_that_cannot_be_searched(small: Path, here: Path) -> None:
    """Its classes are links that the system refuses."""
    Path("data").mkdir()
    for name in ("train", "val"):
        (Path("data") / name).symlink_to(LONG)
    code, _, err = run(here, "train", str(small), "--data", "data")
    assert (code, err.splitlines()[-2:]) == (
        1,
        [f"error: {here}/data contains no class folders", f"  the layout is {LAYOUT}"],
    )


def test_a_current_folder_that_has_been_removed(small: Path, here: Path) -> None:
    for command in (["train"], ["check", "--output-format", "sarif"]):
        (here / "gone").mkdir()
        inside = f"import os, runpy, sys; os.rmdir(os.getcwd()); sys.argv[1:] = {[*command, str(here / small)]}; "
        script = inside + "runpy.run_module('archc', run_name='__main__')"
        done = subprocess.run([sys.executable, "-c", script], cwd=here / "gone", capture_output=True, text=True)
        assert done.stderr.splitlines() == ["error: the current folder has been removed", "  change to another folder"]
        assert done.returncode == 3
