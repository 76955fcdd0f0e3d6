"""One training run: it builds the emitted model on its devices and trains it on the pictures."""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import Any

import keras

from archc.dataset import Dataset
from archc.pictures.feed import keeping_weights
from archc.training.job import Job
from archc.training.journal import Journal
from archc.training.loop import train
from archc.training.model import source
from archc.training.result import begin_result
from archc.training.share import Share
from archc_keras.devices import Devices, Strategy
from archc_keras.trainer import KerasTrainer

POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}
"""Keras' name for each precision. Both keep the weights in float32."""


def run(job: Job, devices: Devices, data: Dataset) -> None:
    """Train on these devices as the job asks, on its data."""
    print(devices.line, flush=True)
    begin_result(job.run, devices.used, goes_on=job.resume is not None)
    data.open()  # before the journal, which cuts the record of a run that goes on
    with Journal(job.run, devices=devices.used, active=True, resume=job.resume) as journal:
        keras.utils.set_random_seed(job.seed)
        keras.mixed_precision.set_dtype_policy(POLICIES[job.precision])
        model, optimizer, criterion = build(job, devices.strategy)
        with closing(data.feed(Share(), os.cpu_count() or 1)) as feed:
            trainer = KerasTrainer(job, model, optimizer, devices.strategy, feed, criterion)
            with keeping_weights(job, trainer.weights):
                train(job, trainer, journal, examples=data.count, classes=data.classes, held_out=data.held_out)


def loaded(job: Job, strategy: Strategy, weights: Path) -> Any:
    """The emitted model with trained weights, on a strategy's devices."""
    keras.mixed_precision.set_dtype_policy(POLICIES[job.precision])
    with strategy.scope():
        return getattr(source(job), job.model).load(str(weights))


def build(job: Job, strategy: Strategy) -> tuple[Any, Any, Any]:
    """The emitted model and its emitted optimizer, on a strategy's devices, and its loss if that is emitted."""
    emitted = source(job)
    with strategy.scope():
        model = getattr(emitted, job.model)()
        optimizer = getattr(emitted, job.recipe.optimizer.name)()
        optimizer.build(model.trainable_variables)
    return model, optimizer, getattr(emitted, "criterion", None)
