"""The emitted source in a run's folder, which defines the model and the optimizer of its job."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType

from archc.training.job import Job


def source(job: Job) -> ModuleType:
    """The emitted source as a module. It imports the framework, so only the process of a backend may call this."""
    # By its path, not by its name: the run's folder is not on sys.path, and a network may be called `torch`.
    spec = spec_from_file_location(f"archc_run_{job.name}", job.run / job.source)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
