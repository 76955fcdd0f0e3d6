"""The spec of a command that takes one, and its facts or its findings."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, NoReturn

import typer

from archc.analysis import Facts, analyse
from archc.diagnostics.finding import Finding
from archc.failure import Failure
from archc.language.asked import PLAIN, Asked
from archc.language.packaged import packaged_specs, packaged_studies
from archc.language.reader import MAX_BYTES
from archc.wording import visible

DEFAULT = Path("specs", "alexnet.yaml")
STDIN = "<stdin>"

SpecArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="SPEC",
        help="Spec file, or - for standard input; SPEC:NAME is its variant NAME. Default: specs/alexnet.yaml.",
        show_default=False,
    ),
]
VariantOption = Annotated[
    str | None, typer.Option("--variant", metavar="NAME", help="Variant of the spec to use, as SPEC:NAME does.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="Value to try instead of the spec's, such as layers.fc6.units=2048. It can be given several times.",
    ),
]


class Named(NamedTuple):
    """A spec as a command line names it: its file, or - for standard input, and what is asked of it."""

    path: Path
    asked: Asked = PLAIN

    @property
    def name(self) -> str:
        """The name of its file in output."""
        return spec_name(self.path)

    @property
    def label(self) -> str:
        """Its name in output: that of the file, with the variant."""
        return self.asked.label(self.name)

    @property
    def place(self) -> Path:
        """The path by which a command names it again."""
        return Path(self.asked.label(str(self.path)))


class OutputFormat(StrEnum):
    full = "full"
    json = "json"


OutputFormatOption = Annotated[OutputFormat, typer.Option(help="Print text (full), or JSON for programs.")]


QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print only findings and errors: no tables, results or notes.")
]


def resolve(
    spec: Path | None, variant: str | None = None, sets: list[str] | None = None, *, quiet: bool = False
) -> Named:
    """The given spec, else the default spec of the current folder or of archc; unless quiet, stderr names which."""
    if spec is not None:
        return named(str(spec), variant, sets)
    chosen = DEFAULT if DEFAULT.is_file() else packaged_specs() / DEFAULT.name
    if not quiet:
        typer.echo(f"no spec given; using {visible(str(chosen))}", err=True)
    return Named(chosen, Asked(variant, tuple(sets or ())))


def named(argument: str, variant: str | None = None, sets: list[str] | None = None) -> Named:
    """The spec that an argument names. SPEC:NAME is a variant, unless a file is called so."""
    file, colon, word = argument.rpartition(":")
    is_spec = file == "-" or file.endswith((".yaml", ".yml")) or _exists(file)
    if not colon or _exists(argument) or not is_spec:
        return Named(Path(argument), Asked(variant, tuple(sets or ())))
    if not file:  # to Path, the current folder
        raise Failure(f"`{argument}` has no path before the colon", help=f"write `SPEC:{word or 'NAME'}`", code=2)
    if not word:
        raise Failure(f"`{argument}` has no name of a variant after the colon", help=f"write `{file}`", code=2)
    if variant not in (None, word):
        raise Failure(f"two variants are named: `{word}` and `{variant}`", help="name one of them", code=2)
    return Named(Path(file), Asked(word, tuple(sets or ())))


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):  # a path that the system refuses: reading it reports that
        return False


def current_folder() -> Path:
    """The current folder; a Failure if it has been removed."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise Failure("the current folder has been removed", help="change to another folder") from None


def spec_name(path: Path) -> str:
    """The name of a spec in output. - is standard input."""
    return STDIN if path == Path("-") else str(path)


def read_bytes(path: Path, kind: Literal["spec", "study"] = "spec") -> bytes:
    """The bytes of a file, or of standard input for -. Reading stops one byte after the reader's limit."""
    if path == Path("-"):
        return _standard_input()
    try:
        if path.exists() and not path.is_file() and not _is_substituted(path):
            found = "a folder" if path.is_dir() else "not a regular file"
            raise Failure(f"{path} is {found}; a {kind} is a YAML file", code=2)
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        from archc.files import similar

        meant = similar(path, lambda each: each.suffix in (".yaml", ".yml"))
        shipped = packaged_studies() if kind == "study" else packaged_specs()
        help = f"did you mean `{meant}`?" if meant else f"the {shipped.name} shipped with archc are in {shipped}"
        raise Failure(f"file not found: {path}", help=help, code=2) from None
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise Failure(f"cannot read {path}: {reason}", code=2) from None


def _standard_input() -> bytes:
    stream = getattr(sys, "stdin", None)
    if stream is None:
        raise Failure("standard input is closed", code=2)
    try:
        return stream.buffer.read(MAX_BYTES + 1)
    except OSError as error:
        raise Failure(f"cannot read standard input: {error.strerror}", code=2) from None


def _is_substituted(path: Path) -> bool:
    """Whether the path is a pipe that a shell opened for `<(…)`. Reading any other pipe could wait forever."""
    return path.parent == Path("/dev/fd") and path.is_fifo()


def show_findings(findings: list[Finding], *, err: bool) -> None:
    """Print findings as text, in colour on a terminal that supports it."""
    if not findings:
        return
    from archc.console.terminal import columns, style_of
    from archc.diagnostics.text import render

    stream = sys.stderr if err else sys.stdout
    typer.echo(render(findings, style_of(stream), width=columns(stream)), err=err, color=True)


def refuse(findings: list[Finding], output_format: OutputFormat) -> NoReturn:
    """Exit with code 1 because of errors in a spec: as text on standard error, or as a document."""
    if output_format is OutputFormat.json:
        print_document_of(findings)
    else:
        show_findings(findings, err=True)
    raise typer.Exit(1)


def print_document_of(findings: list[Finding]) -> None:
    """Print the document of a command that has nothing to compute, because a spec has errors."""
    import json

    from archc.report.refused_json import as_json

    typer.echo(json.dumps(as_json(findings), indent=2))


def facts_or_exit(spec: Named) -> tuple[Facts, bytes]:
    """The facts of a spec, and its bytes. Findings go to standard error, and an error exits with code 1."""
    facts, data, _ = facts_and_advice(spec)
    return facts, data


def facts_and_advice(
    spec: Named, output_format: OutputFormat = OutputFormat.full
) -> tuple[Facts, bytes, list[Finding]]:
    """The facts of a spec, its bytes and the advice on it. An error exits with code 1.

    The advice goes to standard error, unless the command prints a document that contains it.
    """
    data = read_bytes(spec.path)
    analysis = analyse(data, spec.name, spec.asked)
    if analysis.facts is None:
        refuse(analysis.findings, output_format)
    if output_format is OutputFormat.full:
        show_findings(analysis.findings, err=True)
    return analysis.facts, data, analysis.findings


def standalone(spec: Named, data: bytes) -> bytes:
    """The text of a valid spec; of one that follows from others, that of a spec by itself which has the same network.

    That text is what a run's folder contains, and what a SHA-256 is of.
    """
    if spec.asked.is_plain and b"extends" not in data:
        return data
    from archc.expanding import derived  # few specs follow from others

    return derived(data, spec.name, spec.asked)
