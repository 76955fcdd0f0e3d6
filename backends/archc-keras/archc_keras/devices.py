"""The devices that a job trains on: GPUs, or on a machine without GPUs, logical CPUs."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from archc.failure import Failure
from archc.training.job import Job
from archc.training.room import check_memory, machine_memory

Strategy = Any
"""A tf.distribute.Strategy; TensorFlow has no types for a checker to read."""


# TensorFlow would log the devices itself; `Devices.line` names them in plain words.
tf.get_logger().setLevel("ERROR")


@dataclass(frozen=True)
class Devices:
    """The devices of a run: a strategy over them, their names, and a line for the person who trains that names them."""

    strategy: Strategy
    used: tuple[str, ...]
    line: str


def open_devices(count: int) -> Devices:
    """The first `count` GPUs; on a machine without any, `count` logical CPUs.

    Call it before anything else runs on TensorFlow, which fixes its devices at the first operation.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return _stand_ins(count)
    if len(gpus) < count:
        raise Failure(
            f"the run needs {count} GPUs, this machine has {len(gpus)}",
            f"use `--gpus {len(gpus)}`, or set `CUDA_VISIBLE_DEVICES=` to train on logical CPUs",
        )
    models = tuple(tf.config.experimental.get_device_details(gpu).get("device_name", "GPU") for gpu in gpus[:count])
    if count == 1:
        return Devices(tf.distribute.OneDeviceStrategy("GPU:0"), models, f"1 GPU: {models[0]}")
    return Devices(_mirrored("GPU", count), models, f"{count} GPUs, MirroredStrategy: {', '.join(models)}")


def check_room(job: Job) -> None:
    """Raise a Failure if the plan's peak of a step exceeds the machine's memory; TensorFlow tells not that of a GPU."""
    if not tf.config.list_physical_devices("GPU"):
        check_memory(job, machine_memory(), sharing=job.devices)


def _stand_ins(count: int) -> Devices:
    if count == 1:
        return Devices(tf.distribute.OneDeviceStrategy("CPU:0"), ("CPU",), "NO GPU FOUND: training on the CPU")
    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * count)
    line = f"NO GPU FOUND: training on {count} logical CPUs, MirroredStrategy"
    return Devices(_mirrored("CPU", count), tuple(f"logical CPU {index}" for index in range(count)), line)


def _mirrored(kind: str, count: int) -> Strategy:
    return tf.distribute.MirroredStrategy([f"{kind}:{index}" for index in range(count)])
