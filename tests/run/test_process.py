"""A backend's process: its exit code in archc's terms, and its end when archc is asked to end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import IO

import pytest

from archc.run.process import run_to_end


def python(script: str) -> list[str]:
    return [sys.executable, "-c", script]


@pytest.mark.parametrize("code", [0, 1, 2, 3, 130])
def test_a_code_of_ours_is_passed_on(code: int, capfd: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGTERM)
    assert run_to_end(python(f"raise SystemExit({code})")) == code
    assert signal.getsignal(signal.SIGTERM) == before
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("script", "line"),
    [
        ("raise SystemExit(77)", "error: the training process ended with code 77"),
        (
            "import os; os.kill(os.getpid(), 9)",
            "error: the training process was ended by SIGKILL; the system may have run out of memory",
        ),
        (
            "import os; os.kill(os.getpid(), 11)",
            "error: the training process was ended by SIGSEGV; "
            "on a CPU with AVX-512, try again with ONEDNN_MAX_CPU_ISA=AVX2 in the environment",
        ),
        ("import os; os.kill(os.getpid(), 15)", "error: the training process was ended by SIGTERM"),
    ],
)
def test_any_other_end_is_told(script: str, line: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_to_end(python(script)) == 3
    assert capfd.readouterr().err == line + "\n"


def test_it_shares_the_output_but_not_the_input() -> None:
    child = "import sys; print(repr(sys.stdin.read())); print('b', file=sys.stderr)"
    done = subprocess.run([*python(PARENT), child], input="typed ahead", capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "''\n", "b\n")


CHILD = """
import os, signal, sys, time
if sys.argv[1]:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
try:
    print(os.getpid(), flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    sys.exit(130)
"""
PARENT = """
import sys
from archc.run import process
process.PATIENCE = 0.3
sys.exit(process.run_to_end([sys.executable, "-c", *sys.argv[1:]]))
"""


def started(*, stubborn: bool) -> tuple[subprocess.Popen[str], int]:
    """A process that waits for its child, and that child's number."""
    process = subprocess.Popen(
        [*python(PARENT), CHILD, "stubborn" if stubborn else ""],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    out: IO[str] | None = process.stdout
    assert out is not None
    return process, int(out.readline())


def is_there(child: int) -> bool:
    try:
        os.kill(child, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("stubborn", [False, True])
@pytest.mark.parametrize("how", ["Ctrl-C on the terminal", "SIGINT to archc", "SIGTERM to archc"])
def test_an_interrupted_process_takes_its_child_along(how: str, stubborn: bool) -> None:
    process, child = started(stubborn=stubborn)
    if how == "Ctrl-C on the terminal":
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.send_signal(signal.SIGINT if how.startswith("SIGINT") else signal.SIGTERM)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (130, "")
    assert not is_there(child)
