"""`python -m archc_keras.train RUN/job.json`: train the emitted source in a run's folder, nothing else."""

from __future__ import annotations

import os
import sys

from archc.training.job import Job
from archc.training.process import run_main
from archc_keras.startup import heed_interrupts, held_back


def main(job: Job) -> None:
    """Train as the job says; the run's folder then holds weights and metrics."""
    # Read while TensorFlow is imported: Keras on TensorFlow, whose warnings are not for whoever trains.
    os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"}
    heed_interrupts()
    with held_back(job.run / "startup.log"):
        from archc_keras.devices import open_devices

        devices = open_devices(job.devices)
    from archc_keras.run import run

    run(job, devices)


if __name__ == "__main__":
    sys.exit(run_main(main))
