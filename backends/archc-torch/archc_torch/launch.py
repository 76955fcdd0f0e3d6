"""Starts the ranks of a run with PyTorch's own launcher, and turns the way they end into one Failure."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import time
import uuid
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from archc.failure import Failure
from archc.streams import guard
from archc.training.job import Job
from archc.training.process import as_failure
from archc_torch.devices import Devices

GRACE = 2.0
"""Seconds that a rank with an unexpected error waits before it ends.

The error may only say that another rank is gone. The launcher reports the rank that ends first, so it then reports the
other one."""


def launch(job: Job, devices: Devices) -> None:
    """Run one rank for each device until all are done or one fails; raises the failure of the first."""
    logging.disable()  # the launcher logs each rank that ends; this process logs nothing else
    # Ranks on one CPU share its cores; with all cores each, they would wait for each other.
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, torch.get_num_threads() // devices.count)))
    with TemporaryDirectory(prefix="archc-") as logs:
        config = LaunchConfig(
            min_nodes=1,
            max_nodes=1,
            nproc_per_node=devices.count,
            run_id=uuid.uuid4().hex,
            rdzv_backend="c10d",
            rdzv_endpoint="localhost:0",
            local_addr="localhost",
            max_restarts=0,
            logs_specs=DefaultLogsSpecs(logs),
        )
        try:
            elastic_launch(config, _work)(job, devices)
        except ChildFailedError as error:
            _restore_terminal()
            raise _cause(*error.get_first_failure()) from None
        except SignalException:
            _restore_terminal()
            raise KeyboardInterrupt from None


def _work(job: Job, devices: Devices) -> None:
    """The main function of a rank's process. A failure is written to the file that the launcher reads."""
    from archc.pictures.dataset import load_pictures
    from archc_torch.rank import run_rank

    guard()
    try:
        run_rank(job, devices, *load_pictures(job))
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
    if process.exitcode == -signal.SIGINT:
        return KeyboardInterrupt()
    if process.exitcode == -signal.SIGKILL:
        return Failure(f"rank {rank} was killed", "if the system ran out of memory, use a smaller `--batch`")
    end = process.signal_name() if process.exitcode < 0 else f"code {process.exitcode}"
    return Failure(f"rank {rank} ended with {end}", "see its own messages above, if there are any")


def _restore_terminal() -> None:
    """End the line and show the cursor, which a rank that is ended within its progress bar leaves hidden."""
    if sys.stdout.isatty():
        print("\x1b[?25h", flush=True)
