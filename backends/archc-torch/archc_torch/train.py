"""`python -m archc_torch.train RUN/job.json`: train the emitted source in the folder of a run."""

from __future__ import annotations

import os
import signal
import sys

from archc.failure import Failure
from archc.training.job import Job
from archc.training.process import run_main
from archc_torch.server import prepare_ranks

if __name__ == "__mp_main__":
    # This is a rank: multiprocessing imports the main module under this name before anything else. Ctrl-C reaches all
    # processes of a terminal, and the launching process tells the ranks when to end.
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def main(job: Job) -> None:
    """Train as the job asks, and leave the weights, metrics.jsonl and result.json in the run's folder."""
    from archc.dataset import find_data
    from archc.training.result import begin_result
    from archc.training.worker import worker

    if (place := worker()) is not None and place.ranks > 1:
        # torch prints a traceback for each connection that ends; `archc_torch.vigil` says why.
        os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
        from archc_torch.worker import work

        work(job, place)
        return
    data = find_data(job)
    if job.devices > 1:
        prepare_ranks()
    # PyTorch takes seconds to import: not before the job has been checked, nor in a rank's import of this module.
    from archc_torch.devices import check_room, find_devices
    from archc_torch.launch import launch
    from archc_torch.rank import run_rank

    devices = find_devices(job.devices)
    check_room(job, devices, job.devices)
    print(devices.line, flush=True)
    begin_result(job.run, devices.names, goes_on=job.resume is not None)
    data.open()
    if devices.count == 1:
        run_rank(job, devices, data)
    else:
        launch(job, devices)


def failed(failure: Failure) -> None:
    """Tell the other ranks that torchrun has started of a failure of `archc train` before training."""
    from archc.training.worker import worker

    if (place := worker()) is not None:
        os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
        from archc_torch.worker import tell

        tell(failure, place)


if __name__ == "__main__":
    sys.exit(run_main(main, failed))
