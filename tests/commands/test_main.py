"""The start and the end of the process: help, version, imports, streams, internal errors and exit codes."""

from __future__ import annotations

import errno
import io
import os
import pty
import re
import shlex
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from recorded import step, write_run

from archc.commands import EXAMPLES

ROOT = Path(__file__).parents[2]
ARCHC = [sys.executable, "-c", "from archc.commands import main; main()"]
COMMANDS = tuple(EXAMPLES)


def test_the_version(archc) -> None:
    result = archc("--version")
    assert (result.code, result.out, result.err) == (0, f"archc {version('archc-compiler')}\n", "")


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
def test_help_ends_in_an_example(archc, command: tuple[str, ...]) -> None:
    result = archc(*command, "--help")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(" ".join(("Usage: archc", *command)))
    last = result.out.strip().splitlines()[-1].strip()
    assert last.startswith(("Example: archc", "archc"))


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
def test_h_is_short_for_help(archc, command: tuple[str, ...]) -> None:
    result = archc(*command, "-h")
    assert (result.code, result.err) == (0, "")
    assert result.out == archc(*command, "--help").out


# Not those of train and study: their steps are too many for a test. Two others need a run.
TRIED = [example for command, example in EXAMPLES.items() if command not in ("train", "study", "evaluate", "predict")]


@pytest.mark.parametrize("example", TRIED)
def test_the_example_of_each_help_is_true(archc, here: Path, alexnet: Path, example: str) -> None:
    shutil.copytree(alexnet.parent, here / "specs")
    write_run(here / "runs" / "alexnet-1", step(1, 2.0))
    _, *arguments = shlex.split(example.partition(" > ")[0])
    result = archc(*arguments)
    assert (result.code, bool(result.out)) == (1 if arguments[0] == "diff" else 0, True)


def test_the_help_names_every_command(archc) -> None:
    text = archc("--help").out
    assert [name for name in COMMANDS if re.search(rf"^  {name} ", text, re.MULTILINE)] == list(COMMANDS)


def test_the_help_says_of_every_command_what_it_does_to_the_end(archc) -> None:
    text = archc("--help").out
    assert "..." not in text.partition("Commands:")[2]
    assert len([line for line in text.splitlines() if line.endswith(".") and line.split()[0] in COMMANDS]) == len(
        COMMANDS
    )


def test_without_a_command_the_help_is_shown(archc) -> None:
    result = archc()
    assert result.code == 2
    assert "Usage: archc" in result.out + result.err


def test_an_unknown_command(archc) -> None:
    result = archc("chekc")
    assert (result.code, result.out) == (2, "")
    assert "'chekc'" in result.err


def test_a_wrong_value(archc) -> None:
    result = archc("check", "--output-format", "xml")
    assert (result.code, result.out) == (2, "")
    assert "'--output-format': 'xml' is not one of 'full', 'concise', 'json', 'github', 'sarif'." in result.err


EVIL = "evil\x1b[31m\n::error::.yaml"


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", EVIL),
        ("check", "folder"),
        ("check", EVIL, EVIL + "x", "--output-format", "concise"),
        ("fmt", EVIL),
        ("fmt", EVIL, "--check"),
        ("build", EVIL, "-o", EVIL + ".py"),
        ("build", EVIL, "-o", EVIL + ".py", "--check"),
        ("build", "--backend", EVIL),
        ("plan", EVIL),
        ("plan", EVIL, "--link", EVIL),
        ("graph", EVIL, "-o", EVIL + ".svg"),
        ("graph", EVIL, "-o", EVIL + ".yaml"),
        ("diff", EVIL, EVIL + "x"),
        ("diff", EVIL, EVIL),
        ("explain", EVIL),
        ("schema", EVIL),
        ("train", EVIL, "--data", EVIL + "x"),
        (EVIL,),
    ],
)
def test_names_steer_no_terminal(small: Path, arguments: tuple[str, ...]) -> None:
    """Nor, as lines of their own, a workflow of GitHub's."""
    Path("folder").mkdir()
    for place in (EVIL, "folder/" + EVIL, f"folder/{EVIL}.yml"):
        Path(place).write_text(small.read_text().replace("name: small\n", "name:   small\n"))
    _, shown = on_a_terminal(*arguments, NO_COLOR="1")
    assert "\x1b" not in shown
    assert not [line for line in shown.splitlines() if line.startswith("::error")]


@pytest.mark.parametrize("command", ["check", "fmt", "build", "plan", "graph"])
def test_standard_input(archc, small: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(small.read_bytes())))
    result = archc(command, "-")
    assert (result.code, bool(result.out)) == (0, True)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))
    result = archc(command, "-")
    assert (result.code, "<stdin>:1:1: error[ARC004]" in result.out + result.err) == (1, True)


def test_an_internal_error_is_one_line_and_a_file(archc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def check() -> None:
        raise ZeroDivisionError("a secret of the machine")

    monkeypatch.setattr("archc.commands.check.check", check)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    result = archc("check")
    (kept,) = tmp_path.glob("archc-error-*.txt")
    assert (result.code, result.out) == (3, "")
    assert result.err == f"internal error: ZeroDivisionError. Please report it and attach {kept}\n"
    assert "ZeroDivisionError: a secret of the machine" in kept.read_text()


@pytest.mark.parametrize("quoted", [False, True])
def test_a_full_disk_is_not_an_internal_error(archc, monkeypatch: pytest.MonkeyPatch, quoted: bool) -> None:
    def check() -> None:
        error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "full/net.py")
        raise RuntimeError(f"writing failed: {error.strerror}") if quoted else error

    monkeypatch.setattr("archc.commands.check.check", check)
    result = archc("check")
    place = "a temporary folder" if quoted else "full/net.py"
    assert (result.code, result.out) == (3, "")
    assert result.err == f"error: cannot write {place}: No space left on device\n  free some space there\n"


def test_an_internal_error_without_a_place_for_its_traceback_is_one_line(
    archc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("archc.commands.check.check", check)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    result = archc("check")
    why = "its traceback cannot be written: No such file or directory"
    assert (result.code, result.err) == (3, f"internal error: ZeroDivisionError. Please report it; {why}\n")


def test_ctrl_c(archc, monkeypatch: pytest.MonkeyPatch) -> None:
    def check() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("archc.commands.check.check", check)
    result = archc("check")
    assert (result.code, result.out, result.err) == (130, "", "interrupted\n")


def test_a_reader_that_leaves_early(alexnet: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([*ARCHC, "check", str(alexnet)], stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_reader_that_leaves_early_changes_no_exit_code(small: Path) -> None:
    small.write_text(small.read_text().replace("relu", "rely"))
    for command in ("check small.yaml", "build small.yaml 2>&1", "check nosuch.yaml 2>&1"):
        pipe = f'{{ "$0" "$@" {command}; echo $? >code; }} | true'
        subprocess.run(["sh", "-c", pipe, *ARCHC], check=True)
        assert Path("code").read_text() == ("2\n" if "nosuch" in command else "1\n")


@pytest.mark.parametrize("arguments", ["check {}", "plan {}", "build {} -o -", "build -q {} -o -", "explain", "--help"])
def test_a_closed_standard_output_is_told(alexnet: Path, arguments: str) -> None:
    command = f'"$0" "$@" {arguments.format(alexnet)} >&-'
    done = subprocess.run(["sh", "-c", command, *ARCHC], stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (3, b"error: cannot write standard output: it is closed\n")


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_that_nothing_is_written_to(alexnet: Path, closed: str) -> None:
    done = subprocess.run(["sh", "-c", f'"$0" "$@" check -q {alexnet} {closed}', *ARCHC], stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("arguments", ["check", "check --output-format json", "explain", "--help", "--version"])
def test_a_full_disk(tmp_path: Path, arguments: str) -> None:
    done = subprocess.run(["sh", "-c", f'"$0" "$@" {arguments} >/dev/full', *ARCHC], stderr=subprocess.PIPE)
    last = done.stderr.decode().splitlines()[-1]
    assert (done.returncode, last) == (3, "error: cannot write standard output: No space left on device")


@pytest.mark.parametrize("arguments", ["check nosuch.yaml", "check --nosuch"])
def test_a_full_disk_for_errors(arguments: str) -> None:
    done = subprocess.run(["sh", "-c", f'"$0" "$@" {arguments} 2>/dev/full', *ARCHC], stdout=subprocess.PIPE)
    assert (done.returncode, done.stdout) == (2, b"")


def test_check_imports_nothing_heavy(alexnet: Path) -> None:
    script = (
        "import sys\nfrom archc.commands import main\n"
        "try: main()\n"
        "finally: print(sorted({m.partition('.')[0] for m in sys.modules} & set("
        "'torch tensorflow keras jax numpy PIL rich safetensors archc_torch archc_keras'.split())))"
    )
    done = subprocess.run([sys.executable, "-c", script, "check", str(alexnet)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "[]"


def test_an_output_without_utf_8(alexnet: Path) -> None:
    settings = {**os.environ, "PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0", "LC_ALL": "C"}
    done = subprocess.run([*ARCHC, "check", str(alexnet)], capture_output=True, env=settings)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"96 \xd7 55 \xd7 55" in done.stdout
    assert b"55 ? 27 ? 13 ? 6" in done.stdout


@pytest.mark.parametrize(
    "command", ["check --output-format json", "plan --output-format json", "build -o -", "graph -o -"]
)
def test_what_programs_read_is_the_same_without_utf_8(small: Path, command: str) -> None:
    small.write_text(small.read_text().replace("A small network", "Größe ≈ 網"), encoding="utf-8")
    without = {**os.environ, "PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0", "LC_ALL": "C"}
    texts = {
        subprocess.run([*ARCHC, *command.split(), str(small)], capture_output=True, env=env, check=True).stdout.decode()
        for env in (without, {**os.environ, "PYTHONUTF8": "1"})
    }
    assert len(texts) == 1


def test_the_front_door_of_a_checkout(alexnet: Path) -> None:
    done = subprocess.run(
        [sys.executable, "cli.py", "check", "specs/alexnet.yaml"], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("specs/alexnet.yaml is valid\n")
    assert "60,965,224 parameters" in done.stdout


def on_a_terminal(*arguments: str, **settings: str) -> tuple[int, str]:
    """The exit code, and what a terminal of 80 columns is sent."""
    kept = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "COLUMNS", "FORCE_COLOR")}
    screen, side = pty.openpty()
    process = subprocess.Popen(
        [*ARCHC, *arguments],
        stdin=side,
        stdout=side,
        stderr=side,
        env={**kept, "TERM": "xterm-256color", "COLUMNS": "80", **settings},
    )
    os.close(side)
    shown = b""
    try:
        while data := os.read(screen, 65536):
            shown += data
    except OSError:  # how a terminal whose process has ended says so
        pass
    os.close(screen)
    return process.wait(), shown.decode()


COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def test_a_narrow_terminal(alexnet: Path, tmp_path: Path) -> None:
    code, shown = on_a_terminal("check", str(alexnet))
    plain = COLOUR.sub("", shown).splitlines()
    table = plain[plain.index("") + 1 :]
    assert code == 0
    assert max(map(len, table)) <= 80
    assert any("11 × 11, stride 4" in line and "227 → 55" in line and "34,944" in line for line in table)


def test_findings_keep_to_the_terminal(small: Path) -> None:
    small.write_text(small.read_text().replace("op: flatten", "op: warp, why: " + "because " * 20))
    code, shown = on_a_terminal("check", str(small), COLUMNS="60")
    first, *lines = COLOUR.sub("", shown).replace("\r", "").splitlines()
    assert code == 1
    assert first == "small.yaml:8:14: error[ARC102]: unknown op `warp`"
    assert max(map(len, lines)) <= 60
    assert any(line.endswith("…") for line in lines)


def test_colours_on_a_terminal_unless_they_are_not_wanted(small: Path) -> None:
    small.write_text(small.read_text().replace("kernel: 3", "kernel: 9"))
    code, shown = on_a_terminal("check", str(small))
    assert (code, "\x1b[1;31merror[ARC201]\x1b[0m" in shown) == (1, True)
    for settings in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        code, shown = on_a_terminal("check", str(small), **settings)
        assert code == 1
        assert "error[ARC201]" in shown
        assert "\x1b" not in shown


def test_a_plugin_of_pydantic_has_no_part_in_reading_a_spec(tmp_path: Path, alexnet: Path) -> None:
    """One that is installed is loaded by whatever else builds a model, and not by archc."""
    (tmp_path / "loud.py").write_text("print('loaded')\nclass plugin: new_schema_validator = lambda *a: (None,) * 3\n")
    installed = tmp_path / "loud-1.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: loud\nVersion: 1\n")
    (installed / "entry_points.txt").write_text("[pydantic]\nloud = loud:plugin\n")

    def prints(*command: str) -> str:
        # Commands that other tests called in this process have set it here.
        environment = {name: value for name, value in os.environ.items() if name != "PYDANTIC_DISABLE_PLUGINS"}
        environment["PYTHONPATH"] = str(tmp_path)
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    model = "from pydantic import create_model; create_model('Any', field=(int, ...))"
    assert "loaded" in prints(sys.executable, "-c", model)
    assert "loaded" not in prints(*ARCHC, "check", str(alexnet))
