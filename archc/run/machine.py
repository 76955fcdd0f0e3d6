"""The machine that a run is on, as far as the system tells without a command: for the receipt."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

from archc.training.room import physical_memory

_GPUS = Path("/proc/driver/nvidia/gpus")


def machine() -> dict[str, object]:
    """Processor, usable cores, memory in bytes, NVIDIA's GPUs and the system; null for what is not known."""
    return {
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory": physical_memory(),
        "gpus": [model for file in sorted(_GPUS.glob("*/information")) if (model := _found("Model", file))],
        "system": platform.platform(),
    }


def _cpu() -> str:
    """The processor's model, or at least its architecture."""
    return _found("model name", Path("/proc/cpuinfo")) or platform.processor() or platform.machine()


def _found(key: str, file: Path) -> str | None:
    """The value of a line `key : value` of a file of the kernel."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:  # no Linux, or not allowed
        return None
    found = re.search(rf"^{key}\s*:\s*(.*\S)", text, re.MULTILINE)
    return found[1] if found else None
