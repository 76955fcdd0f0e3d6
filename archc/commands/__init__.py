"""The command line. Each command is a thin module that parses, calls and prints. This one starts and ends the process.

Exit codes: 0 success, 1 findings, 2 wrong usage, 3 environment or internal error, 130 interrupted
(143 by SIGTERM, 129 by SIGHUP).
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import typer

from archc.failure import ENVIRONMENT, INTERRUPTED, USAGE, Failure, disk_failure
from archc.streams import guard

EXAMPLES = {
    "init": "archc init net.yaml",
    "check": "archc check specs/alexnet.yaml",
    "fmt": "archc fmt specs --check",
    "expand": "archc expand specs/alexnet.yaml",
    "build": "archc build specs/alexnet.yaml --backend torch -o alexnet.py",
    "graph": "archc graph specs/alexnet.yaml -o alexnet.svg",
    "plan": "archc plan specs/alexnet.yaml --gpus 2 --batch 128",
    "train": "archc train specs/alexnet.yaml --gpus 2 --batch 32 --steps 100",
    "evaluate": "archc evaluate runs/alexnet-1 --confusion confusion.csv",
    "predict": "archc predict runs/alexnet-1 cat.jpg dog.jpg",
    "study": "archc study studies/relu_vs_tanh.yaml --data fashion",
    "runs": "archc runs",
    "plot": "archc plot runs/alexnet-1 -o curves.svg",
    "backends": "archc backends",
    "explain": "archc explain ARC210",
    "diff": "archc diff specs/alexnet.yaml specs/alexnet_torchvision.yaml",
    "schema": "archc schema > archc-v1.schema.json",
}
"""An example of each command, in the order of `--help`. The command NAME is the function NAME of `archc.commands.NAME`.

A module is imported only if its command is called, because imports take most of the time of `archc check`.
"""

_COMPLETE = "_ARCHC_COMPLETE"
"""The environment variable by which the shell asks for completions. Typer derives its name from `archc`."""


def _version(wanted: bool) -> None:
    if wanted:
        from archc.installing import archc_version

        typer.echo(f"archc {archc_version()}")
        raise typer.Exit


def _application(arguments: list[str]) -> typer.Typer:
    """The command line with the called command, or with all commands if none is called."""
    application = typer.Typer(
        name="archc",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]},
        help="Compile and verify neural networks, each described once in a YAML spec.",
        epilog="Example: archc check specs/alexnet.yaml",
    )

    @application.callback()
    def options(  # pyright: ignore[reportUnusedFunction]
        version: bool = typer.Option(
            False, "--version", callback=_version, is_eager=True, help="Print the version and exit."
        ),
    ) -> None:
        pass

    called = next((word for word in arguments if not word.startswith("-")), None)
    for name in [called] if called in EXAMPLES else EXAMPLES:
        command = getattr(import_module(f"archc.commands.{name}"), name)
        application.command(name, epilog=f"Example: {EXAMPLES[name]}")(command)
    return application


def main() -> None:
    """Run the command line and exit with its code. No error ever prints a traceback."""
    guard()
    # A run is short and creates few reference cycles. The collector would only traverse the growing network again and
    # again, and all imported modules once more at exit.
    gc.disable()
    # The same spec must give the same result in every environment, and searching all distributions for pydantic
    # plugins takes time.
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    code = _run()
    gc.freeze()
    sys.exit(code)


def _run() -> int:
    try:
        code = _invoke(sys.argv[1:])
        sys.stdout.flush()
        return code
    except Failure as failure:
        print(failure, file=sys.stderr)
        return failure.code
    except typer.TyperException as error:
        if isinstance(error, typer.BadParameter):
            error.message = error.message.removeprefix("Value error, ")  # pydantic's prefix
        _suggest_option(error)
        error.show(sys.stderr)  # pyright: ignore  # every typer exception has it, but their base class does not declare it
        return USAGE
    except BaseException as error:  # the op of a distribution may raise anything, SystemExit too
        from archc.signals import code_of

        if (code := INTERRUPTED if isinstance(error, typer.Abort) else code_of(error)) is not None:
            print("interrupted", file=sys.stderr)
            return code
        if failure := disk_failure(error):
            print(failure, file=sys.stderr)
            return failure.code
        return _internal_error(error)


def _invoke(arguments: list[str]) -> int:
    """Parse the arguments and call the command; returns its exit code. Typer's own `main` fails on a closed pipe."""
    completing = _COMPLETE in os.environ
    command = typer.main.get_command(_application(_words_to_complete() if completing else arguments))
    try:
        with _completion_may_end():
            if completing:
                command.main([], prog_name="archc")
            context = command.make_context("archc", arguments)
        with context:
            command.invoke(context)
    except typer.Exit as leaving:
        return leaving.exit_code
    return 0


def _suggest_option(error: typer.TyperException) -> None:
    """Say what an unknown option may mean. Typer suggests any option with a few letters in common."""
    option: str | None = getattr(error, "option_name", None)
    context: typer.Context | None = getattr(error, "ctx", None)
    if option is None or context is None or not hasattr(error, "possibilities"):
        return
    from archc.console.usage import meant_option

    options = [name for parameter in context.command.params for name in parameter.opts if name.startswith("-")]
    meant = meant_option(option, options, command=context.info_name)
    vars(error).update(possibilities=None, message=f"{vars(error)['message']}{'. ' if meant else ''}{meant or ''}")


def _words_to_complete() -> list[str]:
    """The words after `archc` on the command line that a shell completes; bash and the other shells differ."""
    line = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS") or ""
    return line.split()[1:]


@contextmanager
def _completion_may_end() -> Generator[None]:
    """Typer's completion ends the process with sys.exit, which elsewhere is an error of a distribution's op."""
    try:
        yield
    except SystemExit as leaving:
        raise typer.Exit(leaving.code if isinstance(leaving.code, int) else 0) from None
    except OSError as error:
        raise Failure(f"cannot install completion: {error}", help="print it with `--show-completion`") from error


def _internal_error(error: BaseException) -> int:
    """Report an unexpected exception in one line, and write its traceback to a file."""
    import traceback
    from tempfile import NamedTemporaryFile

    from archc.backend import OWN
    from archc.entry_points import culprit
    from archc.ops import ops
    from archc.wording import visible

    try:
        with NamedTemporaryFile("wb", prefix="archc-error-", suffix=".txt", delete=False) as file:
            file.write(traceback.format_exc().encode(errors="backslashreplace"))  # a path may be not UTF-8
        attached = f" and attach {Path(file.name)}"
    except OSError as reason:
        attached = f"; its traceback cannot be written: {reason.strerror}"
    name = culprit(error, own=("archc", *(f"archc_{backend}" for backend in OWN)))
    what, whom = (f"error in {name}", "it to its authors") if name else ("internal error", "it")
    if not name and (others := ops().in_use()):
        whom = f"it, with the ops of {' and '.join(others)} that the spec uses,"
    message = f"{what}: {type(error).__name__}. Please report {whom}{attached}"
    print(visible(message), file=sys.stderr)
    return ENVIRONMENT
