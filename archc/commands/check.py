"""archc check: validate specs, and show the layer table of one."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, NamedTuple

import typer

from archc.analysis import Analysis, Facts, analyse
from archc.console.spec_files import SkipUnmarkedOption, SpecFile, SpecsArgument, is_folder, spec_files
from archc.console.specs import QuietOption, SetOption, VariantOption, current_folder, show_findings
from archc.console.terminal import LAYER_TABLE, columns, style_of
from archc.diagnostics.finding import Finding, is_error
from archc.failure import Failure
from archc.language.asked import Asked
from archc.wording import counted, visible


class CheckFormat(StrEnum):
    full = "full"
    concise = "concise"
    json = "json"
    github = "github"
    sarif = "sarif"


FormatOption = Annotated[
    CheckFormat,
    typer.Option(
        help="Format of the output: full text, one line per finding (concise), JSON, GitHub workflow commands, or "
        "SARIF 2.1.0 for code scanning."
    ),
]
StrictOption = Annotated[bool, typer.Option("--strict", help="Exit with code 1 on advice as well.")]
WideOption = Annotated[
    bool,
    typer.Option(
        "--wide", help="Show all columns of the table, even if they exceed the terminal, and every layer of blocks."
    ),
]
FixOption = Annotated[
    bool,
    typer.Option(
        "--fix",
        help="Apply the safe fixes to the files first. For -, print the fixed text to standard output.",
    ),
]


class Checked(NamedTuple):
    """A spec by name, and its analysis."""

    name: str
    analysis: Analysis


class Outcome(NamedTuple):
    """All specs of a run. `err`: reports go to standard error, because a fixed text goes to standard output."""

    specs: list[Checked]
    several: bool
    err: bool
    wide: bool
    quiet: bool

    @property
    def findings(self) -> list[Finding]:
        return [finding for spec in self.specs for finding in spec.analysis.findings]


def check(
    specs: SpecsArgument = None,
    output_format: FormatOption = CheckFormat.full,
    strict: StrictOption = False,
    fix: FixOption = False,
    wide: WideOption = False,
    quiet: QuietOption = False,
    skip_unmarked: SkipUnmarkedOption = False,
    variant: VariantOption = None,
    values: SetOption = None,
) -> None:
    """Validate specs and infer their shapes.

    Print the layer table and the totals of one spec, or one line per spec for several. Exit with code 1 on an error.
    """
    writing = "archc check SPEC --fix" if fix else None
    files = spec_files(specs or [], to_write=writing, skip_unmarked=skip_unmarked, quiet=quiet)
    named = specs or []
    # Of several files of which one is a spec, its table is not what was asked for.
    several = len(named if skip_unmarked else files) > 1 or any(is_folder(spec) for spec in named)
    err = fix and any(file.place is None for file in files)
    # A program that parses the report on standard error must find no other lines there.
    aside = not quiet and (not err or output_format in (CheckFormat.full, CheckFormat.concise))
    if variant is not None or values:
        files = [_asked(files, variant, values, several=several, fix=fix)]
    checked = [Checked(file.label, _fixed(file, aside=aside) if fix else _analysed(file)) for file in files]
    outcome = Outcome(checked, several, err, wide, quiet)
    _SHOW[output_format](outcome)
    failed = is_error(outcome.findings)
    if strict and outcome.findings and not failed:
        failed = True
        if aside:
            advice = counted(len(outcome.findings), "piece of advice", "pieces of advice")
            typer.echo(f"failing on {advice} (--strict)", err=True)
    raise typer.Exit(1 if failed else 0)


def _analysed(file: SpecFile) -> Analysis:
    return analyse(file.data, file.name, file.asked, with_variants=True)


def _asked(
    files: list[SpecFile], variant: str | None, values: list[str] | None, *, several: bool, fix: bool
) -> SpecFile:
    """The one spec of which a variant is asked, or values are tried."""
    option = "`--variant`" if variant is not None else "`--set`"
    if several or len(files) != 1:
        raise Failure(f"{option} takes one spec, and {len(files):,} are given", help="name one file", code=2)
    if fix:
        raise Failure(f"{option} and `--fix` cannot be used together", help="fix the whole file first", code=2)
    (file,) = files
    if file.asked.variant not in (None, variant or file.asked.variant):
        raise Failure(f"two variants are named: `{file.asked.variant}` and `{variant}`", help="name one", code=2)
    return file._replace(asked=Asked(variant or file.asked.variant, tuple(values or ())))


def _fixed(file: SpecFile, *, aside: bool) -> Analysis:
    """Apply the safe fixes to a file, print each of them, and analyse the fixed text."""
    from archc.diagnostics.concise import render  # these two only with --fix, for the time of start-up
    from archc.fixing import fix

    fixed = fix(file.data, file.name)
    if fixed.mended or (file.place is None and file.is_whole):
        file.rewrite(fixed.data)
    if fixed.mended and aside:
        typer.echo(f"{visible(file.name)}: {counted(len(fixed.mended), 'fix', 'fixes')} applied", err=True)
        for finding in fixed.mended:
            texts = dict.fromkeys(text for edit in finding.fix if (text := edit.text.strip()))
            written = ", ".join(f"`{visible(text)}`" for text in texts)
            typer.echo(f"  {render([finding]).rstrip()}; now {written or 'deleted'}", err=True)
    return fixed.analysis


def _show_full(outcome: Outcome) -> None:
    for spec in outcome.specs:
        if spec.analysis.facts is not None and not outcome.quiet:
            typer.echo(f"{visible(spec.name)} is valid", err=outcome.err)
            if not outcome.several:
                _show_network(spec.analysis.facts, outcome)
        show_findings(spec.analysis.findings, err=outcome.err)
    if outcome.several and outcome.specs and not outcome.quiet:
        typer.echo(_summary(outcome), err=outcome.err)


def _show_network(facts: Facts, outcome: Outcome) -> None:
    from archc.report.network import network

    stream = sys.stderr if outcome.err else sys.stdout
    width, table = columns(stream), columns(stream, piped=LAYER_TABLE)
    shown = network(facts, width=width, table=table, style=style_of(stream), wide=outcome.wide)
    typer.echo(shown, err=outcome.err, color=True)


def _summary(outcome: Outcome) -> str:
    """`3 specs checked, 1 with errors; 4 errors, 1 piece of advice`"""
    failed = sum(spec.analysis.facts is None for spec in outcome.specs)
    errors = sum(finding.severity == "error" for finding in outcome.findings)
    advice = len(outcome.findings) - errors
    verdict = f"{failed} with errors" if failed else "all valid"
    summary = f"{counted(len(outcome.specs), 'spec')} checked, {verdict}"
    counts = [counted(errors, "error")] if errors else []
    counts += [counted(advice, "piece of advice", "pieces of advice")] if advice else []
    return f"{summary}; {', '.join(counts)}" if counts else summary


def _show_concise(outcome: Outcome) -> None:
    from archc.diagnostics.concise import render

    style = style_of(sys.stderr if outcome.err else sys.stdout)
    typer.echo(render(outcome.findings, style), nl=False, err=outcome.err, color=True)


def _show_json(outcome: Outcome) -> None:
    from archc.report.check_json import as_json

    document = as_json((spec.name, spec.analysis) for spec in outcome.specs)
    typer.echo(json.dumps(document, indent=2), err=outcome.err)


def _show_github(outcome: Outcome) -> None:
    from archc.diagnostics.github import render

    typer.echo(render(outcome.findings), nl=False, err=outcome.err)


def _show_sarif(outcome: Outcome) -> None:
    from archc.diagnostics.sarif import as_sarif
    from archc.installing import archc_version

    log = as_sarif(outcome.findings, version=archc_version(), root=current_folder())
    typer.echo(json.dumps(log, indent=2), err=outcome.err)


_SHOW: dict[CheckFormat, Callable[[Outcome], None]] = {
    CheckFormat.full: _show_full,
    CheckFormat.concise: _show_concise,
    CheckFormat.json: _show_json,
    CheckFormat.github: _show_github,
    CheckFormat.sarif: _show_sarif,
}
