"""The batches that a run can use, given its devices and its pictures.

There is a picture for each device in a batch, and there are enough training pictures to fill one. Every batch that a
failure suggests passes the check that failed.
"""

from __future__ import annotations

from archc.failure import FINDING, USAGE, Failure
from archc.wording import counted


def check_batch(
    batch: int,
    devices: int,
    *,
    needs_two: str | None,
    pictures: int | None = None,
    called: str = "picture",
    fixed: int | None = None,
    parts: int = 1,
) -> None:
    """Raise Failure unless `devices` devices can train on batches of this size, each computed in so many parts.

    `needs_two` is a layer that cannot train on a batch of one picture. `pictures` is the number of training pictures,
    or None if it is not known, and `called` is the word for one of them. `fixed` is the number of batches to overfit.
    """
    least = parts * max(devices, 2 if needs_two else 1)
    if parts > 1 and batch < least:
        each = f"{counted(devices, 'device')}" if devices > 1 else "one device"
        message = f"a batch of {batch} is too small for {parts} parts (`accumulate`) on {each}"
        raise Failure(message, f"use `--batch {least}`, or a smaller `accumulate`", USAGE)
    if pictures is not None and pictures < least:
        if devices == 1:
            raise Failure(f"{_why(needs_two, called)}, and there is only one", f"add {called}s", FINDING)
        message = f"{counted(pictures, f'training {called}')} cannot be divided over {counted(devices, 'device')}"
        raise Failure(message, f"use `--gpus {pictures} --batch {pictures}`, or add {called}s", FINDING)
    nearest = max(batch if pictures is None else min(batch, pictures), least)
    if batch < devices:
        message = f"a batch of {batch} cannot be divided over {devices} devices"
        raise Failure(message, f"use `--batch {nearest}`: one {called} or more for each", USAGE)
    if batch < least:
        raise Failure(f"{_why(needs_two, called)}, and there is only one", f"use `--batch {nearest}`", USAGE)
    if pictures is not None and pictures < batch:
        message = f"{counted(pictures, f'training {called}')} cannot fill a batch of {batch:,}"
        raise Failure(message, f"use `--batch {nearest}`, or add {called}s", FINDING)
    if fixed and pictures is not None and fixed * batch > pictures:
        message = f"{counted(fixed, 'batch', 'batches')} of {batch:,} need {fixed * batch:,} training {called}s"
        most = pictures // batch
        raise Failure(f"{message}, and there are {pictures:,}", f"use `--overfit-batches {most}`", USAGE)


def _why(needs_two: str | None, called: str) -> str:
    return f"{needs_two} normalises each value over the batch, which takes two {called}s"
