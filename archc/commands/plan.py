"""archc plan: the cost of each strategy for several devices, computed before anything runs."""

from __future__ import annotations

import json
import re
import sys
from typing import Annotated

import typer

from archc.analysis import Facts
from archc.console.specs import (
    OutputFormat,
    OutputFormatOption,
    QuietOption,
    SetOption,
    SpecArgument,
    VariantOption,
    facts_and_advice,
    resolve,
    show_findings,
)
from archc.console.terminal import columns, style_of
from archc.failure import Failure
from archc.language.recipe import Precision
from archc.language.spec import DEVICES, MOST_DEVICES
from archc.passes.plan import Plan, Setting
from archc.passes.plan import plan as planned
from archc.passes.training_step import TrainingStep

# Nine digits are enough for any link and cannot overflow a float.
_LINK = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) ?(k|M|G|Ki|Mi|Gi)(B|bit)/s", re.ASCII)
_SIZES = {"k": 1e3, "M": 1e6, "G": 1e9, "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30}
_MOST_EXAMPLES = 2**31 - 1


def plan(
    spec: SpecArgument = None,
    gpus: Annotated[
        int | None,
        typer.Option(min=1, max=MOST_DEVICES, help="Number of devices.", show_default=f"the spec's, or {DEVICES}"),
    ] = None,
    batch: Annotated[
        int | None,
        typer.Option(
            min=1, max=_MOST_EXAMPLES, help="Examples per step, over all devices.", show_default="the recipe's"
        ),
    ] = None,
    link: Annotated[
        str, typer.Option(metavar="RATE", help="Link bandwidth per device, each way: 8GB/s, 100Gbit/s.")
    ] = "8GB/s",
    precision: Annotated[
        Precision, typer.Option(help="Precision of the arithmetic. Weights stay float32.")
    ] = "float32",
    output_format: OutputFormatOption = OutputFormat.full,
    wide: Annotated[bool, typer.Option("--wide", help="List every layer of blocks.")] = False,
    quiet: QuietOption = False,
    variant: VariantOption = None,
    values: SetOption = None,
) -> None:
    """Compare the ways to split a network over devices.

    For each strategy, print the memory per device, the exchanges between devices, and their time, before anything runs.

    Exit with code 1 if the spec's own strategy is impossible, or if it has none and every strategy is impossible.
    """
    rate = _bytes_per_second(link)
    named = resolve(spec, variant, values, quiet=quiet)
    facts, _, advice = facts_and_advice(named, output_format)
    setting = Setting(
        devices=gpus or (facts.spec.parallel.devices if facts.spec.parallel else DEVICES),
        batch=batch or facts.recipe.batch,
        link=rate,
        precision=precision,
        device_memory=facts.spec.parallel.device_memory if facts.spec.parallel else None,
        step=TrainingStep.of(facts.recipe),
    )
    made = planned(facts.graph, facts.counts, facts.spec.parallel, setting)
    if output_format is OutputFormat.json:
        from archc.report.plan_json import as_json

        typer.echo(json.dumps(as_json(named.label, facts.graph.name, made, advice), indent=2))
    else:
        _show(facts, made, wide=wide, quiet=quiet)
    raise typer.Exit(0 if _is_possible(made) else 1)


def _bytes_per_second(link: str) -> float:
    match = _LINK.fullmatch(link.strip())
    rate = float(match[1]) * _SIZES[match[2]] / (8 if match[3] == "bit" else 1) if match else 0
    if not rate:
        help = "give bytes or bits per second: 8GB/s, 900MB/s, 100Gbit/s"
        raise Failure(f"--link {link[:64]} is not a valid rate", help=help, code=2)
    return rate


def _show(facts: Facts, made: Plan, *, wide: bool, quiet: bool) -> None:
    from archc.outline import outline
    from archc.report.plan import plan_page

    if not quiet:
        width = columns(sys.stdout)
        parts = () if wide else outline(facts.graph)
        typer.echo(plan_page(facts.graph.title, made, parts, width=width, style=style_of(sys.stdout)), color=True)
    show_findings(list(made.findings), err=True)


def _is_possible(made: Plan) -> bool:
    """Whether the spec's own strategy is possible, or at least one strategy if the spec has none."""
    asked = [option for option in made.options if option.is_declared] or list(made.options)
    return not asked or any(option.cost for option in asked)
