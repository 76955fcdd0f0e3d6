"""What a backend is, and how installed ones are found.

A backend is an object published under the entry point group `archc.backends`. It writes source without importing its
framework, and names the module that trains that source as a process of its own: `python -m MODULE RUN/job.json`.
A third backend needs no line in archc.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import PurePath
from typing import Protocol, runtime_checkable

from archc.diagnostics.finding import Finding, report
from archc.graph import Graph
from archc.passes.placement import Placement
from archc.spec import Recipe
from archc.vocabulary import did_you_mean

PROTOCOL = 2
GROUP = "archc.backends"
OWN = ("torch", "keras")
"""The backends that archc's extras bring."""


@dataclass(frozen=True)
class Origin:
    """The spec that source is emitted from: the same on every machine, whatever its folders are called.

    `spec` is the file's name without folders; `sha256` is of its bytes, what `sha256sum` shows for the file.
    """

    spec: str
    sha256: str

    @classmethod
    def of(cls, path: str, data: bytes) -> Origin:
        """The origin of a spec's bytes, read from a path."""
        # Imported here: `archc check` does without.
        from hashlib import sha256

        return cls(PurePath(path).name, sha256(data).hexdigest())

    def command(self, backend: str) -> str:
        """The command that emits the source anew, in the spec's folder."""
        return shlex.join(["archc", "build", self.spec, "--backend", backend])


@dataclass(frozen=True)
class Source:
    """Emitted source: its text, the class to build without arguments, and layer names that had to change."""

    text: str
    class_name: str
    renamed: dict[str, str]


class Unsupported(Exception):
    """The backend cannot express a layer."""

    def __init__(self, layer: str, message: str) -> None:
        super().__init__(message)
        self.layer = layer
        self.message = message


def refusal(unsupported: Unsupported, graph: Graph) -> Finding:
    """The finding for a layer that a backend cannot express."""
    return report(graph.node(unsupported.layer).at("op"), "ARC501", unsupported.message)


@runtime_checkable
class Backend(Protocol):
    """What archc asks of a backend."""

    @property
    def name(self) -> str:
        """What `--backend` calls it."""
        ...

    @property
    def protocol(self) -> int:
        """The version of this protocol that it was written for."""
        ...

    @property
    def train_module(self) -> str:
        """The module that runs a training job."""
        ...

    def emit(self, graph: Graph, recipe: Recipe, placement: Placement | None, origin: Origin) -> Source:
        """Standalone source for a graph; raises Unsupported. The same arguments give the same bytes."""
        ...


class BackendFailure(Exception):
    """A backend that cannot be used; the message names the distribution."""

    def __init__(self, message: str, help: str) -> None:
        super().__init__(message)
        self.message = message
        self.help = help


def installed() -> dict[str, list[EntryPoint]]:
    """The installed backends by name; two of one name are a clash that `load` reports."""
    found: dict[str, list[EntryPoint]] = {}
    for point in entry_points(group=GROUP):
        found.setdefault(point.name, []).append(point)
    return found


def load(name: str) -> Backend:
    """The backend of a name; raises BackendFailure."""
    points = installed()
    if name not in points:
        known = ", ".join(sorted(points)) or "none"
        help = f"pip install 'archc[{name}]'" if name in OWN else did_you_mean(name, OWN, what="backends")
        raise BackendFailure(f"no backend `{name}` is installed (installed: {known})", help)
    if len(points[name]) > 1:
        owners = " and ".join(sorted(_owner(point) for point in points[name]))
        raise BackendFailure(f"{owners} both call their backend `{name}`", "uninstall one of them")
    (point,) = points[name]
    try:
        backend = point.load()
    except Exception as error:  # whatever a foreign distribution raises must name it
        message = f"the backend `{name}` of {_owner(point)} cannot be imported: {type(error).__name__}: {error}"
        raise BackendFailure(message, f"reinstall {_owner(point)}") from error
    protocol = getattr(backend, "protocol", None)
    if protocol != PROTOCOL:
        message = f"the backend `{name}` of {_owner(point)} speaks protocol {protocol}, this archc {PROTOCOL}"
        raise BackendFailure(message, f"install versions of archc and {_owner(point)} that belong together")
    if not isinstance(backend, Backend):
        raise BackendFailure(f"what {_owner(point)} calls its backend `{name}` is none", f"reinstall {_owner(point)}")
    return backend


def distribution_of(name: str) -> str:
    """The distribution that brings an installed backend."""
    return _owner(installed()[name][0])


def _owner(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.value
