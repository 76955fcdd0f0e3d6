"""How runs over several ranks end: by a signal, with their parent, by a rank that hangs; and what listens meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import psutil
import pytest
from processes import all_end, descendants, open_to_others, until

from archc.training.job import Job

MakeJob = Callable[..., Job]

PARENT = "import sys; from archc.run.process import run_to_end; sys.exit(run_to_end(sys.argv[1:]))"
"""The side of `archc train`."""


def start(job: Job) -> subprocess.Popen[str]:
    """A parent as `archc train` has it, with a training process of two ranks."""
    train = [sys.executable, "-P", "-m", "archc_torch.train", str(job.run / "job.json")]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-c", PARENT, *train], stdout=pipe, stderr=pipe, text=True, start_new_session=True
    )


def steps(job: Job) -> int:
    metrics = job.run / "metrics.jsonl"
    return metrics.read_text().count('"event": "step"') if metrics.exists() else 0


def train_a_while(process: subprocess.Popen[str], job: Job) -> None:
    assert until(lambda: steps(job) > 2 or process.poll() is not None)
    assert process.poll() is None


def ranks(process: subprocess.Popen[str]) -> list[int]:
    """The processes of the ranks, in order: the trainer has started the process that they are forked from."""
    (trainer,) = [child for child in descendants(process.pid) if "archc_torch.train" in command(child)]
    return sorted(child for child in descendants(trainer) if psutil.Process(child).ppid() != trainer)


def command(process: int) -> str:
    return " ".join(psutil.Process(process).cmdline())


def test_nothing_listens_beyond_the_loopback(make_job: MakeJob) -> None:
    job = make_job("watched", steps=100_000)
    process = start(job)
    exposed: set[str] = set()
    while steps(job) < 3 and process.poll() is None:
        exposed.update(open_to_others([process.pid, *descendants(process.pid)]))
        time.sleep(0.02)
    there = [process.pid, *descendants(process.pid)]
    exposed.update(open_to_others(there))
    process.terminate()
    _, err = process.communicate(timeout=300)
    assert (process.returncode, err) == (143, "interrupted\n")
    assert not exposed
    assert len(there) >= 4, "archc, the trainer and two ranks"
    assert all_end(there)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGHUP, 129)])
def test_a_signal_ends_all_ranks(make_job: MakeJob, number: signal.Signals, code: int) -> None:
    job = make_job("signalled", steps=100_000)
    process = start(job)
    train_a_while(process, job)
    there = descendants(process.pid)
    process.send_signal(number)
    _, err = process.communicate(timeout=300)
    assert (process.returncode, err) == (code, "interrupted\n")
    assert all_end(there)


def test_no_rank_outlives_a_killed_parent(make_job: MakeJob) -> None:
    job = make_job("orphaned", steps=100_000)
    process = start(job)
    train_a_while(process, job)
    there = descendants(process.pid)
    process.kill()
    process.wait()
    assert all_end(there)
    process.communicate()


def test_no_rank_outlives_a_killed_trainer(make_job: MakeJob) -> None:
    job = make_job("headless", steps=100_000)
    process = start(job)
    train_a_while(process, job)
    there = descendants(process.pid)
    os.kill(there[0], signal.SIGKILL)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 3
    # Python itself may warn before of what the killed process left.
    assert err.splitlines()[-1].startswith("error: the training process was ended by SIGKILL")
    assert all_end(there)


def test_a_rank_that_hangs_is_named(make_job: MakeJob) -> None:
    job = make_job("hung", steps=100_000, timeout=12)
    process = start(job)
    train_a_while(process, job)
    there = descendants(process.pid)
    os.kill(ranks(process)[1], signal.SIGSTOP)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 3
    assert err.splitlines() == [
        "error: rank 1 has not responded for 12 s, and the other ranks wait",
        "  if a step can take longer than that, use a larger `--timeout`",
    ]
    assert all_end(there)
