"""A backend's process: its exit code in archc's terms, and its end when archc is asked to end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest
from processes import all_end, state, until

from archc.backend import PROTOCOL, Backend, EmittedSource, Request, load
from archc.failure import Failure
from archc.language.spec import Strategy
from archc.run.process import run_to_end, using_module


def python(script: str) -> list[str]:
    return [sys.executable, "-c", script]


@pytest.mark.parametrize("code", [0, 1, 2, 3, 129, 130, 143])
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


def test_a_process_whose_results_are_not_its_output(capfd: pytest.CaptureFixture[str]) -> None:
    code = run_to_end(python("print('progress'); raise SystemExit(77)"), to_errors=True, called="computing")
    assert code == 3
    assert capfd.readouterr() == ("", "progress\nerror: the computing process ended with code 77\n")


@dataclass(frozen=True)
class OnlyTrains:
    """A backend of another distribution, from before weights could be used."""

    name: str = "torch"
    protocol: int = PROTOCOL
    frameworks: tuple[str, ...] = ("torch",)
    strategies: tuple[Strategy, ...] = ()
    train_module: str | None = "somewhere.train"

    def emit(self, request: Request) -> EmittedSource:
        raise NotImplementedError


def test_a_backend_may_lack_the_use_of_weights() -> None:
    backend = OnlyTrains()
    assert isinstance(backend, Backend)
    with pytest.raises(Failure) as caught:
        using_module(backend)
    message = "the backend `torch` cannot compute with trained weights: it has no `use_module`"
    assert (caught.value.code, caught.value.message) == (2, message)
    assert using_module(load("torch")) == "archc_torch.use"


def test_it_shares_the_output_but_not_the_input() -> None:
    child = "import sys; print(repr(sys.stdin.read())); print('b', file=sys.stderr)"
    done = subprocess.run([*python(PARENT), "1", child], input="typed ahead", capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "''\n", "b\n")


CHILD = """
import os, signal, sys, time
from archc.signals import Stopped, code_of, heed_stops
from archc.training.pulse import Pulse, parent
if sys.argv[1] == "stubborn":
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
else:
    heed_stops()
Pulse(parent()).start()
grandchild = os.fork()
try:
    if grandchild:
        print(os.getpid(), grandchild, flush=True)
    time.sleep(60)
except Stopped as stop:
    os._exit(code_of(stop))
"""
PARENT = """
import sys
from archc.run import process
process.PATIENCE = float(sys.argv.pop(1))
sys.exit(process.run_to_end([sys.executable, "-c", *sys.argv[1:]]))
"""
LONG = 300.0
"""More seconds than any test waits."""


def started(*, patience: float, stubborn: bool) -> tuple[subprocess.Popen[str], list[int]]:
    """A process that waits for its child, and the numbers of that child and of the child's child."""
    process = subprocess.Popen(
        [*python(PARENT), str(patience), CHILD, "stubborn" if stubborn else ""],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    out: IO[str] | None = process.stdout
    assert out is not None
    return process, list(map(int, out.readline().split()))


STOPS = [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]


@pytest.mark.parametrize(("number", "code"), STOPS)
def test_a_signal_to_end_is_passed_on_at_once(number: signal.Signals, code: int) -> None:
    process, children = started(patience=LONG, stubborn=False)
    process.send_signal(number)
    out, err = process.communicate(timeout=300)
    assert (process.returncode, out, err) == (code, "", "")
    assert all_end(children)


def test_ctrl_c_on_a_terminal_reaches_it_once() -> None:
    process, children = started(patience=LONG, stubborn=False)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=300)
    assert (process.returncode, err) == (130, "")
    assert all_end(children)


@pytest.mark.parametrize(("number", "code"), STOPS)
def test_a_process_that_does_not_react_is_killed(number: signal.Signals, code: int) -> None:
    process, children = started(patience=0.3, stubborn=True)
    process.send_signal(number)
    _, err = process.communicate(timeout=300)
    assert (process.returncode, err) == (code, "interrupted: killed the training process\n")
    assert all_end(children)


def test_a_second_signal_kills_at_once() -> None:
    process, children = started(patience=LONG, stubborn=True)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=300)
    assert (process.returncode, err) == (143, "interrupted: killed the training process\n")
    assert all_end(children)


@pytest.mark.parametrize("stubborn", [False, True])
def test_no_process_outlives_one_that_is_killed(stubborn: bool) -> None:
    process, (child, grandchild) = started(patience=LONG, stubborn=stubborn)
    process.kill()
    process.wait(timeout=300)
    if stubborn:
        assert all_end([child, grandchild])
    else:  # the child has ended in order, and the grandchild has no pulse of its own, unlike a rank
        assert all_end([child])
        os.kill(grandchild, signal.SIGKILL)
    process.communicate(timeout=300)


def test_what_a_process_leaves_is_ended() -> None:
    leaver = "import os, sys, time\nif os.fork() == 0: time.sleep(60)\nelse: print('left', flush=True); os._exit(0)"
    done = subprocess.run([*python(PARENT), "1", leaver], capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout, done.stderr) == (0, "left\n", "")


def test_ctrl_z_stops_both_until_the_shell_continues_them() -> None:
    process, (child, _) = started(patience=LONG, stubborn=False)
    process.send_signal(signal.SIGTSTP)
    assert until(lambda: state(process.pid) == "stopped")
    assert until(lambda: state(child) == "stopped")
    process.send_signal(signal.SIGCONT)
    assert until(lambda: state(child) == "sleeping")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=300)
    assert process.returncode == 143


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    """As under `nohup`."""
    child = "import signal; print(signal.getsignal(signal.SIGHUP) == signal.SIG_IGN, flush=True)"
    parent = (
        "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        + PARENT.replace("sys.exit(", "code = (")
        + "import os; os.kill(os.getpid(), signal.SIGHUP); print(code)"
    )
    done = subprocess.run([*python(parent), "1", child], capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n0\n", "")


def test_modules_in_the_current_folder_are_not_imported(tmp_path: Path) -> None:
    (tmp_path / "wave.py").write_text("print('imported')")
    child = "import sys, wave; print(sys.flags.safe_path)"
    done = subprocess.run([*python(PARENT), "1", child], capture_output=True, text=True, timeout=300, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")
