"""`python -m archc_keras.use FOLDER/task.json`: compute with the weights of a run."""

from __future__ import annotations

import os
import sys

from archc.inference.network import Outputs
from archc.inference.process import run_main
from archc.inference.task import Task
from archc.training.feed import Feed
from archc.training.job import Job
from archc_keras.startup import heed_interrupts, held_back


def load(task: Task, job: Job, feed: Feed) -> Outputs:
    """The network with a task's weights, on a GPU if there is one, as the trainer evaluates it."""
    os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"}
    heed_interrupts(task.startup_log)
    with held_back(task.startup_log):
        from archc_keras.devices import open_devices

        devices = open_devices(1)
    from archc_keras.run import loaded
    from archc_keras.trainer import KerasTrainer

    model = loaded(job, devices.strategy, task.run / task.weights)
    return KerasTrainer(job, model, None, devices.strategy, feed).outputs


if __name__ == "__main__":
    sys.exit(run_main(load))
