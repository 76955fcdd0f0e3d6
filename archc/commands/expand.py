"""archc expand: print a spec with blocks as the flat spec that it stands for."""

from __future__ import annotations

import typer

from archc.console.specs import SpecArgument, facts_or_exit, resolve, spec_name
from archc.language.spec_reading import read_spec


def expand(spec: SpecArgument = None) -> None:
    """Print a spec with its blocks and stages written out.

    Each layer has a comment on where it and its values come from. Names have underscores for dots: layer2.0.conv1 is
    printed as layer2_0_conv1. A spec without blocks is printed as it is. Exit with code 1 if the spec has an error.
    """
    path = resolve(spec)
    _, data = facts_or_exit(path)
    document, _ = read_spec(data, spec_name(path))
    assert document is not None  # the spec has no errors
    if document.expansion is not None:
        from archc.language.blocks.printing import flat_text  # a spec without blocks does not need it

        data = flat_text(document.expansion, spec_name(path))
    typer.echo(data, nl=False)
