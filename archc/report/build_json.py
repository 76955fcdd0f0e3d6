"""The JSON output of `archc build`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from archc.backend import EmittedSource
from archc.diagnostics.finding import Finding
from archc.diagnostics.json import FindingJson, documented
from archc.diagnostics.json import as_json as finding_as_json
from archc.language.spec import Strategy
from archc.report.staleness import Reason

# `class` is a keyword, so it cannot be a field of a class statement.
_Class = TypedDict("_Class", {"class": Annotated[str, Field(description="Class or function that builds the network.")]})


@documented
class BuildJson(_Class):
    """The output of `archc build --output-format json`."""

    version: Literal[1]
    """Version of this format."""
    spec: str
    """Path of the spec as given on the command line, as PATH:NAME for a variant; `<stdin>` for standard input."""
    output: str
    """File that was written, or with `--check` compared."""
    stale: list[Reason]
    """With `--check`, the reasons that the file is out of date; empty if it is up to date. `absent`: there is no such
    file. `foreign`: archc did not emit it. `edited`: it was edited after archc emitted it. `spec`: the network in the
    spec has changed. `text`: only the text of the spec has changed, not the network. `emission`: the spec is the same,
    but the name of the spec, the options, archc or the backend has changed."""
    backend: str
    """Backend that emitted the source."""
    parallel: Strategy | None
    """Strategy of `--parallel` for which one device's part was emitted; null if the whole network was emitted."""
    parameters: int
    """Number of trained values in the whole network."""
    renamed: dict[str, str]
    """Layers whose names are reserved in the emitted source, each with the name that it has there instead."""
    sha256: str
    """SHA-256 of the emitted source, in hexadecimal digits."""
    findings: list[FindingJson]
    """Advice on the spec, in the order of the text."""


def as_json(
    source: EmittedSource,
    *,
    spec: str,
    output: str,
    backend: str,
    parallel: Strategy | None,
    parameters: int,
    stale: tuple[Reason, ...],
    advice: Iterable[Finding],
) -> BuildJson:
    """The emitted source, its spec, the advice on that and its file as plain data."""
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
        "findings": [finding_as_json(finding) for finding in advice],
    }
