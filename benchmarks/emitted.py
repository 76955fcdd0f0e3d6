"""Imports the emitted source of AlexNet, for the benchmarks of both backends."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

from archc.analysis import analyse
from archc.backend import Origin, Request, load

ALEXNET = Path(__file__).parents[1] / "specs" / "alexnet.yaml"


def emitted(backend: str) -> ModuleType:
    """The module that `archc build specs/alexnet.yaml --backend BACKEND` writes."""
    facts = analyse(ALEXNET.read_bytes(), ALEXNET.name).facts
    assert facts is not None
    with TemporaryDirectory() as folder:
        file = Path(folder) / "alexnet.py"
        origin = Origin.of(ALEXNET.name, ALEXNET.read_bytes())
        source = load(backend).emit(Request(facts.graph, facts.counts, facts.recipe, origin))
        file.write_text(source.text, encoding="utf-8")
        spec = spec_from_file_location("emitted_alexnet", file)
        assert spec is not None and spec.loader is not None
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
    return module
