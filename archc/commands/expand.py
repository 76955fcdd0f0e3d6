"""archc expand: print a spec with blocks as the flat spec that it stands for."""

from __future__ import annotations

import typer

from archc.console.specs import SpecArgument, facts_or_exit, resolve, spec_name
from archc.expanding import expanded


def expand(spec: SpecArgument = None) -> None:
    """Print a spec with its blocks and stages written out.

    Each layer has a comment on where it and its values come from. Names have underscores for dots: layer2.0.conv1 is
    printed as layer2_0_conv1. A spec without blocks is printed as it is. Exit with code 1 if the spec has an error.
    """
    path = resolve(spec)
    facts, data = facts_or_exit(path)
    typer.echo(expanded(data, spec_name(path), facts), nl=False)
