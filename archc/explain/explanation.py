"""The explanation of a code or an op, for `archc explain` and docs/reference.md.

The findings of its example are not written by hand: the example is analysed.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass

from archc.analysis import analyse
from archc.backend import Origin, Request, Unsupported, load, refusals
from archc.diagnostics.codes import CODES
from archc.diagnostics.codes.code import Code
from archc.diagnostics.finding import Finding, Severity
from archc.explain.concepts import reference
from archc.failure import Failure
from archc.language.asked import Asked
from archc.language.field_table import FieldRow, rows
from archc.ops import ops
from archc.ops.op import Op

EXAMPLE = "example.yaml"


@dataclass(frozen=True)
class Explanation:
    """The page on a code or an op. An op has no `severity`; a code has no `fields` and an empty `shape_rule`.

    A report omits a `shape_rule` that the title already contains. `command` is the command that reports `findings` for
    the failing example. `findings` is empty if that takes a backend that is not installed.
    """

    name: str
    title: str
    meaning: str
    severity: Severity | None
    shape_rule: str
    fields: tuple[FieldRow, ...]
    command: str
    failing: str | bytes
    findings: tuple[Finding, ...]
    corrected: str


def names() -> list[str]:
    """The names of all codes and ops, codes first."""
    return [*CODES, *sorted(ops())]


def explanation_of(word: str) -> Explanation | None:
    """The explanation of a code or an op, in any case; None for any other word."""
    code, op = CODES.get(word.upper()), ops().get(word.lower())
    if code is not None:
        return _of_code(word.upper(), code)
    return _of_op(word.lower(), op) if op is not None else None


def title_of(name: str) -> str:
    """The one-line title of a code or an op."""
    return CODES[name].title if name in CODES else _paragraphs(ops()[name])[0]


def _of_code(name: str, code: Code) -> Explanation:
    return Explanation(
        name=name,
        title=code.title,
        meaning="\n\n".join([code.meaning, *reference(name)]),
        severity=code.severity,
        shape_rule="",
        fields=(),
        command=_command(code),
        failing=code.failing,
        findings=_findings(code.failing, code.backend, code.tried),
        corrected=code.corrected,
    )


def _of_op(name: str, op: type[Op]) -> Explanation:
    title, *meaning = _paragraphs(op)
    return Explanation(
        name=name,
        title=title,
        meaning="\n\n".join([*meaning, *reference(name)]),
        severity=None,
        shape_rule=op.shape_rule,
        fields=rows(op),
        command="archc check",
        failing=op.failing,
        findings=_findings(op.failing, None),
        corrected=op.corrected,
    )


def _paragraphs(op: type[Op]) -> list[str]:
    """The paragraphs of an op's docstring, each on one line. The first is its title."""
    return [" ".join(paragraph.split()) for paragraph in inspect.cleandoc(op.__doc__ or "").split("\n\n")]


def _command(code: Code) -> str:
    if code.tried:
        return f"archc check --set {code.tried}"
    return f"archc build --backend {code.backend}" if code.backend else "archc check"


def _findings(spec: str | bytes, backend: str | None, tried: str | None = None) -> tuple[Finding, ...]:
    data = spec if isinstance(spec, bytes) else spec.encode()
    analysis = analyse(data, EXAMPLE, Asked(sets=(tried,) if tried else ()), with_variants=True)
    facts = analysis.facts
    if backend is None or facts is None:
        return tuple(analysis.findings)
    try:
        load(backend).emit(Request(facts.graph, facts.counts, facts.recipe, Origin.of(EXAMPLE, data)))
    except Unsupported as unsupported:
        return tuple(refusals(unsupported, facts.graph))
    except Failure:
        pass
    return ()
