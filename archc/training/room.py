"""Whether a run fits into the memory of its devices, by the plan's figures, before anything is drawn or built."""

from __future__ import annotations

import os
from pathlib import Path

from archc.failure import FINDING, Failure
from archc.training.job import Job
from archc.wording import counted, in_units

LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
"""Where Linux keeps the memory that a container may use."""


def physical_memory() -> int | None:
    """The bytes of the machine's memory; None if the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):  # not every system has these names
        return None


def machine_memory() -> int | None:
    """The bytes of the machine's memory, or of what its container may use; None if the system does not tell."""
    own = physical_memory()
    return own and min([own, *(limit for file in LIMITS if (limit := _limit(file)))])


def check_memory(job: Job, memory: int | None, *, sharing: int = 1) -> None:
    """Raise a Failure if the plan's peak of a step exceeds a device's memory, which `sharing` devices share."""
    planned = job.planned
    if planned is None or memory is None or planned.memory * sharing <= memory:
        return
    among = f" for each of {sharing} devices" if sharing > 1 else ""
    has = f"the machine has {in_units(memory)}" if sharing > 1 else f"the device has {in_units(memory)}"
    message = f"a step of {job.recipe.batch} takes {in_units(planned.memory)}{among}, and {has}"
    if fitting := _fitting(job, memory // sharing):
        help = f"use `--batch {fitting}` or smaller, or `accumulate:` in the recipe"
    elif sharing > 1:
        help = "use fewer devices: `--gpus 1`"
    else:
        least = counted(job.devices * job.recipe.accumulate, job.example)
        help = f"a step of {least} takes {in_units(planned.least)}: `archc plan` compares ways to split the network"
    raise Failure(message, help, FINDING)


def _fitting(job: Job, memory: int) -> int | None:
    """A batch whose step fits; memory grows by as much for each example."""
    assert job.planned is not None
    batch, smallest = job.recipe.batch, job.devices * job.recipe.accumulate
    most, least = job.planned.memory, job.planned.least
    if least > memory or batch <= smallest:
        return None
    each = (most - least) / (batch - smallest)
    fitting = smallest + int((memory - least) / each)
    return fitting - fitting % smallest


def _limit(file: Path) -> int | None:
    try:
        text = file.read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() else None
