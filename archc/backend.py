"""What a backend is, and how installed backends are found.

A backend is an object that a distribution publishes under the entry point group `archc.backends`. It turns a graph into
standalone source (`emit`) without importing its framework, and may name modules that train that source and use its
weights, each in a process of its own. archc itself names no backend. docs/backends.md writes one; `archc.conformance`
checks that it keeps the rules:

- the same request gives the same bytes, whatever the machine, the locale or the hash seed;
- source does not import archc, and strings of the spec reach it only as escaped literals, docstrings and checked names;
- source contains `origin.sha256` in full, by which `archc build --check` finds out whether the spec has changed;
- one Unsupported names every layer that the backend cannot express: `every` collects them.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, PackageNotFoundError, version
from pathlib import PurePath
from typing import Protocol, TypeVar, runtime_checkable

from archc.diagnostics.finding import Finding, report
from archc.diagnostics.grouping import grouped
from archc.entry_points import BACKENDS, imported, installed, only, owner
from archc.failure import Failure
from archc.graph import Graph
from archc.installing import absent, backend_help, project_names
from archc.language.recipe import Recipe
from archc.language.spec import Strategy
from archc.passes.counts import Counts
from archc.passes.placement import Placement

PROTOCOL = 3
OWN = ("torch", "keras")
"""The backends that come with archc, each in a distribution of its own."""
_OTHER_NAMES = {"pytorch": "torch", "pt": "torch", "tensorflow": "keras", "tf": "keras"}
"""What users of a backend also call it."""

Item = TypeVar("Item")
Written = TypeVar("Written")


@dataclass(frozen=True)
class Origin:
    """The spec that source is emitted from, the same on every machine.

    `spec` is the file's name without its folders, with a variant as FILE:NAME; `sha256` is the hash of its bytes, as
    `sha256sum` prints it. Of a spec that follows from others, it is that of the whole spec that they give. `sets` are
    the values that `--set` tries.
    """

    spec: str
    sha256: str
    sets: tuple[str, ...] = ()

    @classmethod
    def of(cls, path: str, data: bytes, sets: tuple[str, ...] = ()) -> Origin:
        """The origin of a spec's bytes that were read from a path."""
        from hashlib import sha256

        return cls(PurePath(path).name, sha256(data).hexdigest(), sets)

    def command(self, backend: str, placement: Placement | None = None) -> str:
        """The command that emits the source again, in the spec's folder."""
        parallel = ["--parallel", placement.strategy] if placement else []
        tried = [word for value in self.sets for word in ("--set", value)]
        return shlex.join(["archc", "build", self.spec, *tried, "--backend", backend, *parallel])


@dataclass(frozen=True)
class Request:
    """What a backend is asked to emit: a network with its counts and, if the source is to train it, its recipe.

    With a placement, which is for one of the backend's `strategies`, the part that each of its devices computes.
    """

    graph: Graph
    counts: Counts
    recipe: Recipe | None
    origin: Origin
    placement: Placement | None = None


@dataclass(frozen=True)
class EmittedSource:
    """Emitted source: its text, the class to build without arguments, and the layers that had to be renamed."""

    text: str
    class_name: str
    renamed: dict[str, str]


class Unsupported(Exception):
    """The backend cannot express a layer. `layers` has a message for each such layer, those in `also` included."""

    def __init__(self, layer: str, message: str, also: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.layers = {layer: message, **(also or {})}


def every(items: Iterable[Item], write: Callable[[Item], Written]) -> list[Written]:
    """The result of `write` for each item, in order; raises one Unsupported for all items that it refuses."""
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
    """The findings on layers that a backend cannot express, each at its op; one for all layers of the same reason."""
    layers = unsupported.layers.items()
    found = [report(graph.node(name).at("op"), "ARC501", why, layer=name, cause=why) for name, why in layers]
    return grouped(found, graph.uses)


@runtime_checkable
class Backend(Protocol):
    """What archc requires of a backend."""

    @property
    def name(self) -> str:
        """The name for `--backend`, which is also the name of the entry point."""
        ...

    @property
    def protocol(self) -> int:
        """The version of this protocol that the backend implements."""
        ...

    @property
    def frameworks(self) -> tuple[str, ...]:
        """The distributions that emitted source imports, the framework first. archc only asks for their versions."""
        ...

    @property
    def strategies(self) -> tuple[Strategy, ...]:
        """The strategies for which it can write what one device computes, with `archc build --parallel`."""
        ...

    @property
    def train_module(self) -> str | None:
        """The module that runs a training job, as `python -m MODULE RUN/job.json`; None if it only emits."""
        ...

    def emit(self, request: Request) -> EmittedSource:
        """Standalone source for a request; raises Unsupported."""
        ...


def use_module(backend: Backend) -> str | None:
    """The module of a backend that computes with trained weights, as `python -m MODULE FOLDER/task.json`.

    A backend names it by an attribute `use_module`, which it may lack; `archc evaluate` and `archc predict` then refuse
    its runs.
    """
    return getattr(backend, "use_module", None)


@dataclass(frozen=True)
class Installation:
    """The backend of one distribution, or why it cannot be used. A framework that is not installed has no version.

    `lacks` are the projects without which the backend cannot train here; empty if it only emits.
    """

    name: str
    distribution: str
    version: str | None
    backend: Backend | None
    failure: Failure | None
    frameworks: Mapping[str, str | None]
    lacks: tuple[str, ...] = ()


def installations() -> list[Installation]:
    """All installed backends by name. Each backend is imported, its framework is not."""
    points = [point for _, points in sorted(installed(BACKENDS).items()) for point in points]
    return [_installation(point) for point in points]


def _installation(point: EntryPoint) -> Installation:
    distribution = owner(point)
    try:
        backend = load(point.name)
    except Failure as failure:
        return Installation(point.name, distribution, _version(distribution), None, failure, {})
    own, frameworks = _version(distribution), {name: _version(name) for name in backend.frameworks}
    lacks = project_names(absent(distribution)) if backend.train_module and own else []
    return Installation(point.name, distribution, own, backend, None, frameworks, tuple(lacks))


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def names_of_backends() -> list[str]:
    """The names of the installed backends, whether or not they can be used."""
    return sorted(installed(BACKENDS))


def load(name: str) -> Backend:
    """The backend of this name; raises Failure if there is none or it cannot be used."""
    points = installed(BACKENDS)
    if name not in points:
        raise Failure(f"the backend `{name}` is not installed", _help(name, sorted(points)))
    point = only(points[name], "backend")
    return _checked(imported(point, "backend"), point)


def _help(name: str, present: list[str]) -> str:
    """The help for a name of no installed backend: the one that is meant, and how to install it if need be."""
    from archc.language.mistakes.vocabulary import did_you_mean, nearest  # only for an unknown name

    if name in OWN:
        return backend_help(name)
    meant = _OTHER_NAMES.get(name.lower()) or nearest(name, [*present, *OWN], named=True)
    if meant is not None:
        return f"did you mean `{meant}`?" + ("" if meant in present else f" Install it: {backend_help(meant)}")
    if present:
        return did_you_mean(name, present, what="backends")
    return " or ".join(map(backend_help, OWN))


def _checked(backend: object, point: EntryPoint) -> Backend:
    distribution = owner(point)
    protocol = getattr(backend, "protocol", None)
    if protocol != PROTOCOL:
        message = f"the backend `{point.name}` of {distribution} has protocol {protocol!r}, this archc has {PROTOCOL}"
        raise Failure(message, f"install versions of archc and {distribution} that match")
    if not isinstance(backend, Backend):
        raise Failure(f"the backend `{point.name}` of {distribution} is not a Backend", f"reinstall {distribution}")
    if backend.name != point.name:
        message = f"the backend `{point.name}` of {distribution} has the name `{backend.name}`"
        raise Failure(message, "its entry point and its `name` must be equal")
    return backend


def distribution_of(name: str) -> str:
    """The distribution of an installed backend."""
    return owner(installed(BACKENDS)[name][0])
