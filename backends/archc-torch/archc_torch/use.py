"""`python -m archc_torch.use FOLDER/task.json`: compute with the weights of a run."""

from __future__ import annotations

import sys

from archc.inference.network import Outputs
from archc.inference.process import run_main
from archc.inference.task import Task
from archc.training.feed import Feed
from archc.training.job import Job


def load(task: Task, job: Job, feed: Feed) -> Outputs:
    """The network with a task's weights, on a GPU if there is one, as the trainer evaluates it."""
    from archc.training.model import source
    from archc_torch.devices import find_devices
    from archc_torch.rank import device_of
    from archc_torch.trainer import TorchTrainer

    device = device_of(find_devices(1).kind, 0)
    module = source(job)
    model = getattr(module, job.model).load(str(task.run / task.weights))
    return TorchTrainer(job, module, model, feed, device).outputs


if __name__ == "__main__":
    sys.exit(run_main(load))
