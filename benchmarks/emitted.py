"""The emitted source of AlexNet as a module, for the benchmarks of both backends."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

from archc.analysis import analyse
from archc.backend import load

ALEXNET = Path(__file__).parents[1] / "specs" / "alexnet.yaml"


def emitted(backend: str) -> ModuleType:
    """What `archc build --backend BACKEND` writes, imported."""
    facts = analyse(ALEXNET.read_bytes(), ALEXNET.name).facts
    assert facts is not None
    with TemporaryDirectory() as folder:
        file = Path(folder) / "alexnet.py"
        file.write_text(load(backend).emit(facts.graph, facts.recipe, facts.placement).text, encoding="utf-8")
        spec = spec_from_file_location("emitted_alexnet", file)
        assert spec is not None and spec.loader is not None
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
    return module
