"""archc explain: what does a code mean?"""

from __future__ import annotations

from typing import Annotated

import typer

from archc.commands.failure import CommandFailure
from archc.diagnostics.codes import CODES
from archc.vocabulary import did_you_mean


def explain(code: Annotated[str, typer.Argument(help="A code, as in `error[ARC210]`.")]) -> None:
    """Say what a code of a finding means."""
    known = CODES.get(code.upper())
    if known is None:
        raise CommandFailure(f"there is no code {code}", help=did_you_mean(code.upper(), CODES, what="codes"), code=2)
    typer.echo(f"{code.upper()}: {known.title}\n\n{known.meaning}")
