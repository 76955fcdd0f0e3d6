"""`python -m archc_keras.train RUN/job.json`: train the emitted source in the folder of a run."""

from __future__ import annotations

import json
import os
import sys

from archc.failure import USAGE, Failure
from archc.training.job import Job
from archc.training.process import run_main
from archc_keras.startup import heed_interrupts, held_back


def main(job: Job) -> None:
    """Train as the job asks, and leave the weights, metrics.jsonl and result.json in the run's folder."""
    _demand_one_machine()
    # Read while TensorFlow is imported. Level 2 hides its warnings, which do not concern the person who trains.
    os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"}
    heed_interrupts(job.startup_log)
    from archc.dataset import find_data

    data = find_data(job)  # TensorFlow takes seconds to import: not before the job has been checked
    with held_back(job.startup_log):
        from archc_keras.devices import check_room, open_devices

        devices = open_devices(job.devices)
        check_room(job)
    from archc_keras.run import run

    run(job, devices, data)


def _demand_one_machine() -> None:
    """Raise a Failure if TF_CONFIG names several tasks: each machine would train alone, as MirroredStrategy does."""
    try:
        cluster = json.loads(os.environ.get("TF_CONFIG") or "{}")["cluster"]
        tasks = sum(len(addresses) for job, addresses in cluster.items() if job != "evaluator")
    except (ValueError, KeyError, TypeError, AttributeError):  # not a cluster, as far as TensorFlow is concerned
        return
    if tasks > 1:
        message = f"TF_CONFIG names {tasks} tasks, and the backend `keras` trains on one machine"
        raise Failure(message, "unset TF_CONFIG, or use `--backend torch` with torchrun", USAGE)


if __name__ == "__main__":
    sys.exit(run_main(main))
