"""Where a job trains: GPUs, or logical CPUs that stand in for them where the machine has none."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from archc.failure import Failure

Strategy = Any
"""A tf.distribute.Strategy, which has no type that a checker could read."""


# TensorFlow's own word on devices; the line of `Devices` says it better.
tf.get_logger().setLevel("ERROR")


@dataclass(frozen=True)
class Devices:
    """A strategy over the devices that were asked for, each one's name, and the line that says which they are."""

    strategy: Strategy
    used: tuple[str, ...]
    line: str


def open_devices(count: int) -> Devices:
    """`count` GPUs; on a machine without any, `count` logical CPUs. Call it before anything else runs on TensorFlow."""
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return _stand_ins(count)
    if len(gpus) < count:
        raise Failure(
            f"asked for {count} GPUs, this machine has {len(gpus)}",
            f"`--gpus {len(gpus)}`, or CUDA_VISIBLE_DEVICES= for a rehearsal on CPUs",
        )
    models = tuple(tf.config.experimental.get_device_details(gpu).get("device_name", "GPU") for gpu in gpus[:count])
    if count == 1:
        return Devices(tf.distribute.OneDeviceStrategy("GPU:0"), models, f"1 GPU: {models[0]}")
    return Devices(_mirrored("GPU", count), models, f"{count} GPUs, MirroredStrategy: {', '.join(models)}")


def _stand_ins(count: int) -> Devices:
    if count == 1:
        return Devices(tf.distribute.OneDeviceStrategy("CPU:0"), ("CPU",), "NO GPU HERE: the CPU stands in for 1 GPU")
    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * count)
    line = f"NO GPU HERE: {count} logical CPUs stand in for {count} GPUs, MirroredStrategy"
    return Devices(_mirrored("CPU", count), tuple(f"logical CPU {index}" for index in range(count)), line)


def _mirrored(kind: str, count: int) -> Strategy:
    return tf.distribute.MirroredStrategy([f"{kind}:{index}" for index in range(count)])
