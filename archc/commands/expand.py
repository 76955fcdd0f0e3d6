"""archc expand: print a spec with blocks as the flat spec that it stands for."""

from __future__ import annotations

import typer

from archc.console.specs import SetOption, SpecArgument, VariantOption, facts_or_exit, resolve
from archc.expanding import expanded


def expand(spec: SpecArgument = None, variant: VariantOption = None, values: SetOption = None) -> None:
    """Print a spec with its blocks, stages and variants written out.

    Each layer has a comment on where it and its values come from. Names have underscores for dots: layer2.0.conv1 is
    printed as layer2_0_conv1. A spec without blocks is printed as it is. Exit with code 1 if the spec has an error.
    """
    found = resolve(spec, variant, values)
    facts, data = facts_or_exit(found)
    typer.echo(expanded(data, found.name, facts, found.asked), nl=False)
