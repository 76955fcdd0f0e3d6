"""Starts the ranks of a run with the processes of PyTorch's launcher, and turns the way they end into one Failure.

All ranks are on this machine, and nothing listens beyond its loopback interface: the ranks find each other by a file in
a folder that only this user can read, and gloo and NCCL connect them over the loopback.
"""

# pyright: reportUnknownVariableType=false
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

import errno
import json
import logging
import os
import signal
import socket
import sys
import time
from multiprocessing import active_children, parent_process
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import cast

import torch
import torch.distributed as dist
from torch.distributed.elastic.multiprocessing import (
    DefaultLogsSpecs,
    PContext,
    SignalException,
    start_processes,
)
from torch.distributed.elastic.multiprocessing.errors import ProcessFailure

from archc.failure import Failure
from archc.signals import STOPS, Stopped, heeded
from archc.streams import guard
from archc.training.job import Job
from archc.training.journal import has_begun
from archc.training.process import as_failure
from archc.training.pulse import Pulse, Watch, read_pulse
from archc.training.result import is_complete
from archc.wording import counted, listed
from archc_torch.devices import Devices
from archc_torch.server import METHOD

GRACE = 2.0
"""Seconds that a rank with an unexpected error waits before it ends.

The error may only say that another rank is gone. The launcher reports the rank that ends first, so it then reports the
other one."""

PERIOD = 0.1
"""Seconds between two looks at the ranks."""

LOOPBACKS = ("lo", "lo0")
"""Names of the loopback interface, on Linux and on macOS and BSD."""


def launch(job: Job, devices: Devices) -> None:
    """Run one rank for each device until all are done or one fails; raises the failure of the first."""
    logging.disable()  # the launcher logs each rank that ends; this process logs nothing else
    interface = loopback()
    # The launcher would also follow a signal that `nohup` wants ignored.
    os.environ["TORCHELASTIC_SIGNALS_TO_HANDLE"] = ",".join(signal.Signals(number).name for number in heeded(STOPS))
    with TemporaryDirectory(prefix="archc-") as name:  # only this user can read it
        private = Path(name)
        try:
            _wait(_start(job, devices, private, interface), job, private)
        except (SignalException, Stopped) as stop:
            for number in heeded(STOPS):
                signal.signal(number, signal.SIG_IGN)  # a second one must not leave ranks behind
            # A rank that is just starting would print a traceback if it were left to find out by itself.
            for child in active_children():
                child.kill()
            restore_terminal()
            raise Stopped(stop.sigval if isinstance(stop, SignalException) else stop.number) from None
        except Failure:
            restore_terminal()
            raise


def _start(job: Job, devices: Devices, private: Path, interface: str) -> PContext:
    environment = {"GLOO_SOCKET_IFNAME": interface, "NCCL_SOCKET_IFNAME": interface}
    try:
        return start_processes(
            name="rank",
            entrypoint=_work,
            args={rank: (job, devices, private, rank) for rank in range(devices.count)},
            envs={rank: {"RANK": str(rank), **environment} for rank in range(devices.count)},
            logs_specs=DefaultLogsSpecs(str(private)),
            start_method=METHOD,
        )
    except OSError as error:
        message = f"cannot start {counted(devices.count, 'rank')}: {error.strerror}"
        # Processes share semaphores, which are files there.
        help = "make room in /dev/shm" if error.errno == errno.ENOSPC else "this user may have too many processes"
        raise Failure(message, help) from error


def _wait(context: PContext, job: Job, private: Path) -> None:
    """Wait until all ranks are done; raises the failure of one that ends early, or hangs.

    A signal to end is told to the ranks, which end after the same step; before training, it ends them at once.
    """
    watch, pulses = Watch(job.devices, job.timeout), [_pulse_file(private, rank) for rank in range(job.devices)]
    asked: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        asked.append(number)
        signal.signal(number, signal.SIG_DFL)  # a second one ends this process, and then the ranks

    for number in heeded(STOPS):  # in place of PyTorch's own handlers, which would end the ranks
        signal.signal(number, note)
    while (result := context.wait(0)) is None:
        if asked and not has_begun(job.run):
            raise Stopped(asked[0])
        if asked:
            _stop_file(private).touch()
        if hung := watch.hung(map(read_pulse, pulses)):
            context.close(signal.SIGKILL)
            raise hang(hung, job.timeout)
        time.sleep(PERIOD)
    if result.is_failed():
        first = min(result.failures.values(), key=lambda failure: failure.timestamp)
        raise _cause(first.local_rank, first)
    if asked and not is_complete(job.run):
        raise Stopped(asked[0])


def hang(ranks: list[int], timeout: float) -> Failure:
    """The Failure for ranks that hang."""
    who = f"rank {ranks[0]} has" if len(ranks) == 1 else f"ranks {listed(list(map(str, ranks)))} have"
    help = "if a step can take longer than that, use a larger `--timeout`"
    return Failure(f"{who} not responded for {timeout:g} s, and the other ranks wait", help)


def _pulse_file(private: Path, rank: int) -> Path:
    return private / f"pulse-{rank}"


def _stop_file(private: Path) -> Path:
    """A file that is there if the ranks are asked to end."""
    return private / "stop"


def loopback() -> str:
    """The name of the loopback interface; a Failure if it is missing or down."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(cast(tuple[str, int], server.getsockname()), timeout=1).close()
    except OSError as error:
        message = f"the ranks cannot connect over the loopback interface: {error.strerror}"
        raise Failure(message, "bring it up, such as by `ip link set lo up`, or use `--gpus 1`") from error
    there = [name for _, name in socket.if_nameindex()]
    return next((name for name in LOOPBACKS if name in there), LOOPBACKS[0])


def _work(job: Job, devices: Devices, private: Path, rank: int) -> None:
    """The main function of a rank's process. A failure is written to the file that the launcher reads."""
    launcher = parent_process()
    assert launcher is not None
    pulse = Pulse(launcher.is_alive, _pulse_file(private, rank))
    pulse.start()
    from archc.dataset import load_data
    from archc_torch.rank import Group, run_rank

    guard()
    # Ranks on one CPU share its cores; with all cores each, they would wait for each other.
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(max(1, torch.get_num_threads() // devices.count))
    try:
        store = dist.FileStore(str(private / "ranks"), job.devices)
        stop = _stop_file(private)
        group = Group(rank, store, pulse.done, gpu=rank, stop=lambda: signal.SIGTERM if stop.exists() else None)
        run_rank(job, devices, load_data(job), group)
    except Stopped:
        dist.destroy_process_group()  # the other ranks end at the same step, and the launcher knows why
    except Exception as error:  # a framework may raise anything, as in `run_main`
        if not isinstance(error, Failure):
            time.sleep(GRACE)
        failure = as_failure(error, job.run)
        # The launcher takes the failure with the earliest timestamp for the first one.
        told = {"message": failure.message, "help": failure.help, "code": failure.code, "timestamp": int(time.time())}
        Path(os.environ["TORCHELASTIC_ERROR_FILE"]).write_text(json.dumps(told), encoding="utf-8")
        # Not sys.exit: it waits for the threads of the process group, which may never end once other ranks are gone.
        os._exit(failure.code)


def _cause(rank: int, process: ProcessFailure) -> BaseException:
    """The failure that a rank wrote down, or one made from the way its process ended."""
    told = process.error_file_data
    if "help" in told:
        return Failure(told["message"], told["help"], told["code"])
    if -process.exitcode in STOPS:
        return Stopped(-process.exitcode)
    if process.exitcode == -signal.SIGKILL:
        return Failure(f"rank {rank} was killed", "if the system ran out of memory, use a smaller `--batch`")
    end = process.signal_name() if process.exitcode < 0 else f"code {process.exitcode}"
    return Failure(f"rank {rank} ended with {end}", "see its own messages above, if there are any")


def restore_terminal() -> None:
    """End the line and show the cursor, which a rank that is ended within its progress bar leaves hidden."""
    if sys.stdout.isatty():
        print("\x1b[?25h", flush=True)
