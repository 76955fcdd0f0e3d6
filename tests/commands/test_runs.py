"""archc runs: every outcome, as a table and as JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from recorded import held_out, step, write_outcomes, write_receipt, write_run

from archc.files import hold

GOLDEN = Path(__file__).parent / "golden"
Golden = Callable[[Path, str], None]


@pytest.fixture
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The clock of the machine in Greenwich."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("utc")
@pytest.mark.parametrize("columns", [60, 80, 120])
def test_the_table(archc, here: Path, golden: Golden, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    write_outcomes(here / "runs")
    result = archc("runs")
    assert (result.code, result.err) == (1, ""), "two are damaged"
    assert max(map(len, result.out.splitlines())) <= columns
    golden(GOLDEN / f"runs.{columns}.txt", result.out)


def test_the_document(archc, here: Path) -> None:
    write_outcomes(here / "runs")
    document = json.loads(archc("runs", "runs", "--output-format", "json").out)
    found = {Path(each["run"]).name: each for each in document["runs"]}
    assert {name: each["status"] for name, each in found.items()} == {
        "tiny-1": "complete",
        "tiny-2": "diverged",
        "tiny-3": "interrupted",
        "tiny-4": "complete",
        "tiny-5": "damaged",
        "tiny-6": "damaged",
    }
    assert found["tiny-1"] == {
        "run": "runs/tiny-1",
        "status": "complete",
        "problem": None,
        "network": "tiny",
        "spec": "specs/tiny.yaml",
        "backend": "torch",
        "devices": 2,
        "step": 30,
        "steps": 30,
        "held_out": {"final": True, "count": 20, "top1": 18, "loss": 0.4},
        "started": "2026-11-27T13:31:42+00:00",
        "seconds": 305.0,
        "fast_dev_run": False,
        "overfit_batches": None,
    }
    assert found["tiny-3"]["held_out"] == {"final": False, "count": 20, "top1": 9, "loss": 0.5}
    assert (found["tiny-3"]["overfit_batches"], found["tiny-4"]["fast_dev_run"]) == (2, True)
    assert found["tiny-5"]["problem"] == "weights.safetensors is missing"
    assert found["tiny-6"]["problem"] == "receipt.json is not JSON"


def test_a_run_that_a_process_works_on_is_running(archc, here: Path) -> None:
    """A machine that stopped leaves the same files, but nobody holds them."""
    run = write_run(here / "runs" / "run", step(1, 2.0))
    write_receipt(run, "running")

    def status() -> str:
        (found,) = json.loads(archc("runs", "--output-format", "json").out)["runs"]
        return found["status"]

    assert status() == "interrupted"
    for name in ("metrics.jsonl", "job.json"):
        with (run / name).open("ab") as file:
            hold(file)
            assert status() == "running"
            if (child := os.fork()) == 0:
                os._exit(0)  # a child that ends takes nothing with it
            os.waitpid(child, 0)
            assert status() == "running"
        assert status() == "interrupted"


def test_the_time_in_which_a_run_was_stopped_is_not_counted(archc, here: Path) -> None:
    run = write_run(here / "runs" / "run", *(step(at, 2.0) for at in range(1, 31)), held_out("end", 18))
    day = "2026-11-27T"
    pauses = [("13:30:00", "13:40:00"), (None, "13:41:00"), ("13:50:00", "15:00:00")]
    resumed = [{"stopped": stop and f"{day}{stop}Z", "started": f"{day}{start}Z"} for stop, start in pauses]
    write_receipt(run, "complete", started=f"{day}13:20:00Z", ended=f"{day}15:00:30Z", resumed=resumed)
    (found,) = json.loads(archc("runs", "--output-format", "json").out)["runs"]
    assert found["seconds"] == (100 - 10 - 70) * 60 + 30


def test_a_backend_that_was_started_by_hand_writes_no_receipt(archc, here: Path) -> None:
    write_run(here / "runs" / "ended", step(1, 2.0), held_out("end", 9))
    write_run(here / "runs" / "cut", step(1, 2.0))
    (here / "runs" / "notes").mkdir()
    result = archc("runs")
    assert result.code == 0
    assert [line.split()[:2] for line in result.out.splitlines()[1:]] == [["ended", "complete"], ["cut", "interrupted"]]


def test_the_folder_of_one_run(archc, here: Path) -> None:
    write_outcomes(here / "runs")
    result = archc("runs", "runs/tiny-1")
    assert (result.code, len(result.out.splitlines())) == (0, 2)


def test_no_runs(archc, here: Path) -> None:
    result = archc("runs")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: there are no runs: runs is not a folder\n  start a run: `archc train`")
    (here / "runs").mkdir()
    result = archc("runs")
    assert (result.code, result.out, result.err) == (0, "no runs in runs\n", "")


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        ({"started": "yesterday"}, "started: Input should be a valid datetime"),
        ({"devices": None}, "devices: Input should be a valid dictionary"),
    ],
)
def test_a_receipt_that_is_damaged_is_named(archc, here: Path, facts: dict[str, object], problem: str) -> None:
    write_receipt(write_run(here / "run", step(1, 2.0)), "complete", **facts)
    result = archc("runs", "run", "--output-format", "json")
    assert result.code == 1
    assert json.loads(result.out)["runs"][0]["problem"].startswith(f"receipt.json is wrong: {problem}")


@pytest.mark.skipif(sys.platform != "linux", reason="root may read everything, unless setpriv takes that away")
def test_a_folder_that_cannot_be_read_hides_no_other(here: Path) -> None:
    for name in ("a", "b"):
        write_receipt(write_run(here / "runs" / name, step(1, 2.0)), "complete")
    (here / "runs" / "a").chmod(0)
    less = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    done = subprocess.run([*less, sys.executable, "-m", "archc", "runs"], capture_output=True, text=True, check=False)
    (here / "runs" / "a").chmod(0o700)
    assert (done.returncode, done.stderr) == (1, "")
    assert "cannot be read: Permission denied" in done.stdout and "\nb  " in done.stdout


def test_a_name_cannot_control_the_terminal(archc, here: Path) -> None:
    write_run(here / "runs" / "a\x1b[31mb", step(1, 2.0))
    assert "a\\u001b[31mb" in archc("runs").out
