"""Checks that emission is reproducible and light, in processes of their own.

The hash seed, the locale, the time zone and the working folder change no byte, and emitting imports no framework.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.metadata import packages_distributions
from tempfile import TemporaryDirectory

from archc.backend import Backend, EmittedSource, load
from archc.conformance.cases import Case
from archc.conformance.emission import demand, emitted

SETTINGS = (
    {"PYTHONHASHSEED": "0", "LC_ALL": "C", "TZ": "UTC"},
    {"PYTHONHASHSEED": "4294967295", "LC_ALL": "tr_TR.UTF-8", "PYTHONUTF8": "1", "TZ": "Asia/Tokyo"},
)
"""The Turkish locale is one of them because `i` and `I` are not a pair of upper and lower case in it."""
_MAIN = "from archc.conformance.processes import main; main()"


def check_processes(backend: Backend, cases: Sequence[Case]) -> Mapping[str, str]:
    """Check that each process emits the same as this one, and imports none of the backend's frameworks."""
    hashes = [_hash(backend, case) for case in cases]
    distributions = {name.lower().replace("_", "-") for name in backend.frameworks}
    frameworks = {
        module
        for module, owners in packages_distributions().items()
        if distributions & {owner.lower().replace("_", "-") for owner in owners}
    }
    for settings in SETTINGS:
        found, modules = _elsewhere(backend.name, cases, settings)
        if imported := frameworks & set(modules):
            raise AssertionError(f"emitting imports {', '.join(sorted(imported))}")
        for case, here, there in zip(cases, hashes, found, strict=True):
            demand(here == there, f"{case}: the source differs under {settings}", case)
    return {}


def main() -> None:
    """Read specs from standard input as JSON; print the hashes of their sources and the imported modules."""
    backend = load(sys.argv[1])
    hashes = [_hash(backend, Case(name, spec)) for name, spec in json.load(sys.stdin)]
    json.dump([hashes, sorted({name.partition(".")[0] for name in sys.modules})], sys.stdout)


def _hash(backend: Backend, case: Case) -> str:
    source = emitted(backend, case)
    return sha256((source.text if isinstance(source, EmittedSource) else str(source)).encode()).hexdigest()


def _elsewhere(name: str, cases: Sequence[Case], settings: dict[str, str]) -> tuple[list[str], list[str]]:
    """The hashes and the modules of a process with these environment variables, in an empty folder."""
    environment = {**os.environ, **settings, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", _MAIN, name],
            input=json.dumps([(case.name, case.spec) for case in cases]),
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env=environment,
            cwd=folder,
            check=True,
        )
    hashes, modules = json.loads(done.stdout)
    return hashes, modules
