"""The model that a job trains, from the source that archc emitted into the run's folder."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any

from archc.training.job import Job


def source(job: Job) -> ModuleType:
    """The emitted source as a module. Importing it imports the framework: for a backend's process."""
    spec = spec_from_file_location(f"archc_run_{job.name}", job.run / job.source)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def build(job: Job) -> Any:
    """A new model, of the framework's own kind."""
    return getattr(source(job), job.model)()
