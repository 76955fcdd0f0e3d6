"""The command line: one file a command, each thin. Parse, call, print; this file is the way in and the way out.

Exit codes: 0 holds, 1 findings, 2 wrong usage, 3 the environment or a defect of archc, 130 interrupted.
"""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from pathlib import Path

import typer

from archc.failure import ENVIRONMENT, INTERRUPTED, USAGE, Failure
from archc.streams import guard

EXAMPLES = {
    "check": "archc check specs/alexnet.yaml",
    "fmt": "archc fmt specs --check",
    "build": "archc build specs/alexnet.yaml --backend torch -o alexnet.py",
    "graph": "archc graph specs/alexnet.yaml -o alexnet.svg",
    "plan": "archc plan specs/alexnet.yaml --gpus 2 --batch 128",
    "train": "archc train specs/alexnet.yaml --gpus 2 --batch 32 --steps 100",
    "backends": "archc backends",
    "explain": "archc explain ARC210",
    "diff": "archc diff specs/alexnet.yaml specs/alexnet_one_tower.yaml",
    "schema": "archc schema > archc-v1.schema.json",
}
"""An example of each command, in the order of `--help`. A command is the function of its name in the module of its
name, which is imported only when it is called: start-up is most of what `archc check` takes."""


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"archc {version('archc')}")
        raise typer.Exit


def _application(arguments: list[str]) -> typer.Typer:
    """The command line with the command that is called; with all of them where it is none."""
    application = typer.Typer(
        name="archc",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        help="Compiler and verifier for neural-network architectures, written once as a YAML spec.",
        epilog="Example: archc check specs/alexnet.yaml",
    )

    @application.callback()
    def options(  # pyright: ignore[reportUnusedFunction]
        version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
    ) -> None:
        pass

    called = next((word for word in arguments if not word.startswith("-")), None)
    for name in [called] if called in EXAMPLES else EXAMPLES:
        command = getattr(import_module(f"archc.commands.{name}"), name)
        application.command(name, epilog=f"Example: {EXAMPLES[name]}")(command)
    return application


def main() -> None:
    """Run the command line and leave with its exit code; no error ever ends in a traceback on the screen."""
    guard()
    # A run is short and makes no cycles to speak of: Python would look through a growing network again and again, and
    # through all that was imported once more before it ends.
    gc.disable()
    # A spec is read alike wherever it is, and nobody waits while every distribution is asked for plugins of pydantic.
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
            error.message = error.message.removeprefix("Value error, ")  # so pydantic begins what a validator says
        error.show(sys.stderr)  # pyright: ignore  # all that typer raises have it; their common base does not say so
        return USAGE
    except (KeyboardInterrupt, typer.Abort):
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:
        return _defect(error)


def _invoke(arguments: list[str]) -> int:
    """Parse and call: the code that the command leaves with. Not typer's own `main`, which ends on a closed pipe."""
    command = typer.main.get_command(_application(arguments))
    try:
        with command.make_context("archc", arguments) as context:
            command.invoke(context)
    except typer.Exit as leaving:
        return leaving.exit_code
    return 0


def _defect(error: Exception) -> int:
    """The last resort: whatever archc did not foresee becomes one line and a file."""
    import traceback
    from tempfile import NamedTemporaryFile

    with NamedTemporaryFile("w", prefix="archc-defect-", suffix=".txt", delete=False, encoding="utf-8") as file:
        traceback.print_exc(file=file)
    message = f"error: a defect of archc: {type(error).__name__}"
    print(f"{message}; please report it with {Path(file.name)}", file=sys.stderr)
    return ENVIRONMENT
