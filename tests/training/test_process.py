"""How a run's process ends: an exit code and one line, never a traceback."""

import errno
import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from archc.failure import FINDING, Failure
from archc.installing import requirements_help
from archc.streams import OutputFailure
from archc.training.job import Job
from archc.training.journal import Journal
from archc.training.process import run_main


@pytest.fixture
def asked(job: Job, monkeypatch: pytest.MonkeyPatch) -> Job:
    """The command line names this job."""
    file = job.run / "job.json"
    file.write_text(job.model_dump_json())
    monkeypatch.setattr(sys, "argv", ["train", str(file)])
    return job


def test_a_run_that_ends_well(asked: Job) -> None:
    seen: list[Job] = []
    assert run_main(seen.append) == 0
    assert seen == [asked]


def test_a_run_failure_is_one_line_and_its_remedy(asked: Job, capsys: pytest.CaptureFixture[str]) -> None:
    def main(job: Job) -> None:
        raise Failure("no picture is left", "add some", FINDING)

    assert run_main(main) == 1
    assert capsys.readouterr().err == "error: no picture is left\n  add some\n"


def test_an_output_that_is_full(asked: Job, capsys: pytest.CaptureFixture[str]) -> None:
    def main(job: Job) -> None:
        raise OutputFailure("cannot write standard output: No space left on device")

    assert run_main(main) == 3
    told = "cannot write standard output: No space left on device\n  the run's folder keeps what was recorded before"
    assert capsys.readouterr().err == f"error: {told}\n"
    assert not (asked.run / "crash.txt").exists()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG])
@pytest.mark.parametrize("kind", ["named", "unnamed", "cause", "quoted"])
def test_a_disk_is_one_line_with_a_path_and_never_a_crash(
    asked: Job, capsys: pytest.CaptureFixture[str], number: int, kind: str
) -> None:
    """Whoever raises it: the system, a library that wraps the system's error, or one that only quotes it."""
    reason = os.strerror(number)

    def main(job: Job) -> None:
        if kind == "quoted":
            raise RuntimeError(f"[enforce fail at inline_container.cc] unexpected pos: {reason}; /x")
        error = OSError(number, reason, *(["/full/weights"] if kind == "named" else []))
        if kind == "cause":
            raise ValueError("saving failed") from error
        raise error

    assert run_main(main) == 3
    place = "/full/weights" if kind == "named" else asked.run
    verb = "read or write" if number == errno.EIO else "write"
    help = "free some space there" if number in (errno.ENOSPC, errno.EDQUOT) else "use a folder that can be written"
    assert capsys.readouterr().err == f"error: cannot {verb} {place}: {reason}\n  {help}\n"
    assert not (asked.run / "crash.txt").exists()


def test_a_folder_that_somebody_has_removed_is_one_line(asked: Job, capsys: pytest.CaptureFixture[str]) -> None:
    def main(job: Job) -> None:
        shutil.rmtree(job.run)
        (job.run / "weights").write_bytes(b"")

    assert run_main(main) == 3
    assert capsys.readouterr().err.startswith(f"error: the run's folder {asked.run} is gone\n")


def test_a_traceback_without_a_place_is_one_line(
    asked: Job, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(asked.run / "gone"))

    def main(job: Job) -> None:
        raise ZeroDivisionError

    assert run_main(main) == 3
    why = "the traceback cannot be written: No such file or directory"
    assert capsys.readouterr().err == f"error: training failed: ZeroDivisionError\n  {why}\n"


def test_an_interrupted_run(asked: Job, capsys: pytest.CaptureFixture[str]) -> None:
    def main(job: Job) -> None:
        raise KeyboardInterrupt

    assert run_main(main) == 130
    assert capsys.readouterr().err == "interrupted\n"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ModuleNotFoundError("No module named 'mine'", name="mine"), "ModuleNotFoundError: No module named 'mine'"),
        (ValueError("shapes differ\nat length"), "ValueError: shapes differ"),
        (MemoryError(), "MemoryError"),
    ],
)
def test_a_crash_is_kept_in_the_runs_folder(
    asked: Job, capsys: pytest.CaptureFixture[str], error: Exception, line: str
) -> None:
    def main(job: Job) -> None:
        with Journal(job.run, devices=["CPU"], active=True) as journal:
            journal.start(job, steps=1, examples=8, classes=2)
            raise error

    assert run_main(main) == 3
    crash = asked.run / "crash.txt"
    assert capsys.readouterr().err == f"error: training failed: {line}\n  the traceback is in {crash}\n"
    assert crash.read_text().startswith("Traceback")


def test_before_training_a_crash_is_kept_elsewhere(
    asked: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`archc train` removes the folder of a run that has not begun."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def main(job: Job) -> None:
        raise ZeroDivisionError

    assert run_main(main) == 3
    (kept,) = tmp_path.glob("archc-crash-*.txt")
    assert capsys.readouterr().err.endswith(f"the traceback is in {kept}\n")
    assert not (asked.run / "crash.txt").exists()


@pytest.mark.parametrize(("module", "owner"), [("numpy", "numpy"), ("PIL", "pillow"), ("torch", "torch")])
def test_a_module_that_is_gone_is_one_line_with_its_distribution(
    asked: Job, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], module: str, owner: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)

    def main(job: Job) -> None:
        import_module(module)

    assert run_main(main) == 3
    error, help = capsys.readouterr().err.splitlines()
    assert error == f"error: training needs the module `{module}` of {owner}, which cannot be imported"
    assert help == f"  {requirements_help([owner], again=True)}"


def test_a_crash_whose_folder_is_gone_is_kept_elsewhere(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "job.json"
    (tmp_path / "gone").mkdir()
    file.write_text(job.model_copy(update={"run": tmp_path / "gone"}).model_dump_json())
    monkeypatch.setattr(sys, "argv", ["train", str(file)])
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def main(job: Job) -> None:
        job.run.rmdir()
        raise ZeroDivisionError

    assert run_main(main) == 3
    (kept,) = tmp_path.glob("archc-crash-*.txt")
    assert "ZeroDivisionError" in kept.read_text()
    error = capsys.readouterr().err
    assert error == f"error: training failed: ZeroDivisionError\n  the traceback is in {kept}\n"


@pytest.mark.parametrize("arguments", [[], ["a", "b"]])
def test_one_argument_is_expected(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["train", *arguments])
    assert run_main(lambda job: None) == 2
    assert "RUN/job.json" in capsys.readouterr().err


@pytest.mark.parametrize("output", ["cat", "true"])
def test_no_output_ends_a_run(asked: Job, output: str) -> None:
    """Neither a terminal without the characters of a path, nor a reader that leaves early."""
    script = (
        "import sys, time\nfrom archc.training.process import run_main\n"
        "def main(job):\n    time.sleep(0.3)\n    print('saved in runs/\\xf1', flush=True)\n"
        "sys.exit(run_main(main))"
    )
    done = subprocess.run(
        ["sh", "-c", f'{{ "$0" "$@"; echo $? >code; }} | {output}', sys.executable, "-c", script, sys.argv[1]],
        capture_output=True,
        cwd=asked.run,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    )
    assert (asked.run / "code").read_text() == "0\n"
    assert done.stdout == (b"saved in runs/?\n" if output == "cat" else b"")
