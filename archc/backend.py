"""What a backend is, and how installed ones are found.

A backend is an object that a distribution publishes under the entry point group `archc.backends`: it turns a graph into
standalone source (`emit`) without importing its framework, and may name a module that trains that source as a process
of its own. No line of archc knows it. docs/backends.md writes one; `archc.conformance` says whether it keeps the rules:

- the same arguments give the same bytes, whatever the machine, the locale or the seed of hashes;
- source imports no archc, and strings of the spec reach it only as escaped literals, docstrings and checked names;
- it holds `origin.sha256` whole, by which `archc build --check` knows the spec that it came from;
- all layers that the backend cannot express are named in one Unsupported: `every` collects them.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from pathlib import PurePath
from typing import Protocol, TypeVar, runtime_checkable

from archc.diagnostics.finding import Finding, report
from archc.failure import Failure
from archc.graph import Graph
from archc.language.spec import Recipe, Strategy
from archc.language.vocabulary import did_you_mean
from archc.passes.placement import Placement

PROTOCOL = 2
GROUP = "archc.backends"
OWN = ("torch", "keras")
"""The backends that archc's extras bring."""

Item = TypeVar("Item")
Written = TypeVar("Written")


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
        from hashlib import sha256

        return cls(PurePath(path).name, sha256(data).hexdigest())

    def command(self, backend: str, placement: Placement | None = None) -> str:
        """The command that emits the source anew, in the spec's folder."""
        parallel = ["--parallel", placement.strategy] if placement else []
        return shlex.join(["archc", "build", self.spec, "--backend", backend, *parallel])


@dataclass(frozen=True)
class EmittedSource:
    """Emitted source: its text, the class to build without arguments, and layer names that had to change."""

    text: str
    class_name: str
    renamed: dict[str, str]


class Unsupported(Exception):
    """The backend cannot express a layer; `layers` says why by name, with those that `also` cannot be expressed."""

    def __init__(self, layer: str, message: str, also: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.layers = {layer: message, **(also or {})}


def every(items: Iterable[Item], write: Callable[[Item], Written]) -> list[Written]:
    """What `write` makes of each item, in order; one Unsupported for all that it refuses."""
    written: list[Written] = []
    refused: dict[str, str] = {}
    for item in items:
        try:
            written.append(write(item))
        except Unsupported as unsupported:
            refused |= unsupported.layers
    if refused:
        (layer, message), *others = refused.items()
        raise Unsupported(layer, message, dict(others))
    return written


def refusals(unsupported: Unsupported, graph: Graph) -> list[Finding]:
    """A finding for each layer that a backend cannot express, at its op."""
    return [report(graph.node(layer).at("op"), "ARC501", said) for layer, said in unsupported.layers.items()]


@runtime_checkable
class Backend(Protocol):
    """What archc asks of a backend."""

    @property
    def name(self) -> str:
        """What `--backend` calls it: the name of its entry point."""
        ...

    @property
    def protocol(self) -> int:
        """The version of this protocol that it was written for."""
        ...

    @property
    def frameworks(self) -> tuple[str, ...]:
        """The distributions that its source imports, the framework first; archc asks for their versions only."""
        ...

    @property
    def strategies(self) -> tuple[Strategy, ...]:
        """The strategies of which it can write what one device computes: `archc build --parallel`."""
        ...

    @property
    def train_module(self) -> str | None:
        """The module that runs a training job, `python -m MODULE RUN/job.json`; None where it only emits."""
        ...

    def emit(self, graph: Graph, recipe: Recipe, placement: Placement | None, origin: Origin) -> EmittedSource:
        """Standalone source for a graph, or, with a placement, for the part of each of its devices; raises Unsupported.

        A placement is of one of its `strategies`.
        """
        ...


class BackendFailure(Failure):
    """A backend that cannot be used; the message names the distribution."""


def installed() -> dict[str, list[EntryPoint]]:
    """The installed backends by name; two of one name are a clash that `load` reports."""
    found: dict[str, list[EntryPoint]] = {}
    for point in entry_points(group=GROUP):
        found.setdefault(point.name, []).append(point)
    return found


@dataclass(frozen=True)
class Installation:
    """One distribution's backend: itself, or why it cannot be used. A framework that is not there has no version."""

    name: str
    distribution: str
    version: str | None
    backend: Backend | None
    failure: BackendFailure | None
    frameworks: Mapping[str, str | None]


def installations() -> list[Installation]:
    """All that is installed, by name; each is imported, its framework is not."""
    points = [point for _, points in sorted(installed().items()) for point in points]
    return [_installation(point) for point in points]


def _installation(point: EntryPoint) -> Installation:
    owner = _owner(point)
    try:
        backend = load(point.name)
    except BackendFailure as failure:
        return Installation(point.name, owner, _version(owner), None, failure, {})
    frameworks = {name: _version(name) for name in backend.frameworks}
    return Installation(point.name, owner, _version(owner), backend, None, frameworks)


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


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
    return _checked(_imported(point), point)


def _imported(point: EntryPoint) -> object:
    try:
        return point.load()
    except (Exception, SystemExit) as error:  # whatever a foreign distribution raises must name it
        owner = _owner(point)
        message = f"the backend `{point.name}` of {owner} cannot be imported: {type(error).__name__}: {error}"
        raise BackendFailure(message, f"reinstall {owner}") from error


def _checked(backend: object, point: EntryPoint) -> Backend:
    owner = _owner(point)
    protocol = getattr(backend, "protocol", None)
    if protocol != PROTOCOL:
        message = f"the backend `{point.name}` of {owner} speaks protocol {protocol}, this archc {PROTOCOL}"
        raise BackendFailure(message, f"install versions of archc and {owner} that belong together")
    if not isinstance(backend, Backend):
        raise BackendFailure(f"what {owner} calls its backend `{point.name}` is none", f"reinstall {owner}")
    if backend.name != point.name:
        message = f"the backend `{point.name}` of {owner} calls itself `{backend.name}`"
        raise BackendFailure(message, "its entry point and its `name` must be the same")
    return backend


def distribution_of(name: str) -> str:
    """The distribution that brings an installed backend."""
    return _owner(installed()[name][0])


def _owner(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.value
