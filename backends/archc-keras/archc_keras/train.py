"""`python -m archc_keras.train RUN/job.json`: train the emitted source in the folder of a run."""

from __future__ import annotations

import os
import sys

from archc.training.job import Job
from archc.training.process import run_main
from archc_keras.startup import heed_interrupts, held_back


def main(job: Job) -> None:
    """Train as the job asks, and leave the weights, metrics.jsonl and result.json in the run's folder."""
    # Read while TensorFlow is imported. Level 2 hides its warnings, which do not concern the person who trains.
    os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"}
    heed_interrupts(job.startup_log)
    from archc.dataset import find_data

    data = find_data(job)  # TensorFlow takes seconds to import: not before the job has been checked
    with held_back(job.startup_log):
        from archc_keras.devices import open_devices

        devices = open_devices(job.devices)
    from archc_keras.run import run

    run(job, devices, data)


if __name__ == "__main__":
    sys.exit(run_main(main))
