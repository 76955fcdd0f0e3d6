"""Ranks by PyTorch's own launcher, and whatever ends them as one failure of the run."""

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
"""Seconds that a rank with an error of its own waits: if the error was that another rank had ended, the launcher finds
that one first."""


def launch(job: Job, devices: Devices) -> None:
    """Run the job's ranks, one a device, until all are done or one fails."""
    logging.disable()  # in this process, which has nothing else to say: the launcher's word on every rank that ends
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
    """What a rank's process runs. A failure goes where the launcher reads it."""
    from archc_torch.rank import run_rank

    guard()
    try:
        run_rank(job, devices)
    except Exception as error:  # the last resort, as in `run_main`
        if not isinstance(error, Failure):
            time.sleep(GRACE)
        failure = as_failure(error, job.run)
        told = {"message": failure.message, "help": failure.help, "code": failure.code, "timestamp": int(time.time())}
        Path(os.environ["TORCHELASTIC_ERROR_FILE"]).write_text(json.dumps(told), encoding="utf-8")
        # Not sys.exit: threads of a process group whose peers are gone may never end.
        os._exit(failure.code)


def _cause(rank: int, process: ProcessFailure) -> BaseException:
    """What a rank told of its failure; else what its end tells."""
    told = process.error_file_data
    if "help" in told:
        return Failure(told["message"], told["help"], told["code"])
    if process.exitcode == -signal.SIGINT:
        return KeyboardInterrupt()
    if process.exitcode == -signal.SIGKILL:
        return Failure(f"rank {rank} was killed", "if the system ran out of memory: a smaller `--batch`")
    end = process.signal_name() if process.exitcode < 0 else f"code {process.exitcode}"
    return Failure(f"rank {rank} ended with {end}", "what it said of it, if anything, stands above")


def _restore_terminal() -> None:
    """A rank that is ended leaves its bar's line open and the cursor hidden."""
    if sys.stdout.isatty():
        print("\x1b[?25h", flush=True)
