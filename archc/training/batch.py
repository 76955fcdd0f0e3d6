"""The batches that a run can use, given its devices and its pictures.

Each device gets the same number of pictures per step, and there are enough training pictures to fill a batch. Every
batch that a failure suggests passes the check that failed.
"""

from __future__ import annotations

from archc.failure import FINDING, USAGE, Failure
from archc.wording import counted


def check_batch(
    batch: int, devices: int, *, needs_two: str | None, pictures: int | None = None, called: str = "picture"
) -> None:
    """Raise Failure unless `devices` devices can train on batches of this size.

    `needs_two` is a layer that cannot train on one picture per device. `pictures` is the number of training pictures,
    or None if it is not known, and `called` is the word for one of them.
    """
    least = 2 if needs_two else 1
    if pictures is not None and pictures < devices * least:
        fewer = max(pictures // least, 1)
        size = _nearest(batch, fewer, least, pictures)
        message = f"{counted(pictures, f'training {called}')} cannot be split over {counted(devices, 'device')}"
        each = f": {needs_two} needs two per device" if needs_two else ""
        raise Failure(message + each, f"use `--gpus {fewer} --batch {size}`, or add {called}s", FINDING)
    nearest = _nearest(batch, devices, least, pictures)
    if batch % devices:
        help = f"use `--batch {nearest}`: each device needs the same number of {called}s"
        raise Failure(f"a batch of {batch} does not split evenly over {devices} devices", help, USAGE)
    if batch < devices * least:
        message = f"{needs_two} normalises each value over the batch, and one {called} per device has no variance"
        raise Failure(message, f"use `--batch {nearest}`", USAGE)
    if pictures is not None and pictures < batch:
        message = f"{counted(pictures, f'training {called}')} cannot fill a batch of {batch:,}"
        raise Failure(message, f"use `--batch {nearest}`, or add {called}s", FINDING)


def _nearest(batch: int, devices: int, least: int, pictures: int | None) -> int:
    """The largest batch up to `batch` that the devices can train on, else the smallest one above it."""
    most = batch if pictures is None else min(batch, pictures)
    return max(most // devices, least) * devices
