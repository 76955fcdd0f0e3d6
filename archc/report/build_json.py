"""What `archc build` prints for programs."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from archc.backend import EmittedSource
from archc.diagnostics.json import documented
from archc.language.spec import Strategy
from archc.report.staleness import Reason

_Class = TypedDict("_Class", {"class": Annotated[str, Field(description="The class or function to call.")]})


@documented
class BuildJson(_Class):
    """What `archc build --output-format json` prints."""

    version: Literal[1]
    """Of this format."""
    spec: str
    """The spec's file."""
    output: str
    """The file that was written or checked."""
    stale: list[Reason]
    """With `--check`, why the file is not what archc emits now, empty where it is: `absent`, not there; `foreign`, not
    emitted by archc; `edited` since; `spec`, the spec has changed; `text`, only its text has, not what it describes;
    `emission`, the spec is the same, archc or the backend another."""
    backend: str
    """The backend that emitted it."""
    parallel: Strategy | None
    """With `--parallel`, the strategy under which each device computes what was emitted; null for the network whole."""
    parameters: int
    """Trained numbers of the network."""
    renamed: dict[str, str]
    """Layers whose name the language cannot use, each with the name that it has in the source."""
    sha256: str
    """The hash of what archc emits, in hexadecimal digits."""


def as_json(
    source: EmittedSource,
    *,
    spec: str,
    output: str,
    backend: str,
    parallel: Strategy | None,
    parameters: int,
    stale: tuple[Reason, ...],
) -> BuildJson:
    """What was emitted, from what and where to."""
    return {
        "version": 1,
        "spec": spec,
        "output": output,
        "stale": list(stale),
        "backend": backend,
        "class": source.class_name,
        "parallel": parallel,
        "parameters": parameters,
        "renamed": dict(source.renamed),
        "sha256": hashlib.sha256(source.text.encode()).hexdigest(),
    }
