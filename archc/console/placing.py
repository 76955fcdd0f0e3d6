"""What `archc build --parallel` asks for: the placement that each device's source is written for."""

from __future__ import annotations

import typer

from archc.analysis import Facts
from archc.backend import Backend
from archc.console.specs import show_findings
from archc.failure import Failure
from archc.language.spec import DEVICES, Strategy
from archc.passes.placement import Placement, place, under


def placement_for(backend: Backend, facts: Facts, strategy: Strategy | None) -> Placement | None:
    """The placement under a strategy; None where each device has the whole network.

    By the spec's own `parallel:` where that is its strategy, else over as many devices. A layer that does not split is
    a finding and exit 1.
    """
    if strategy in (None, "data"):
        return None
    if strategy not in backend.strategies:
        known = " and ".join(f"`{known}`" for known in ("data", *backend.strategies))
        help = f"it does for {known}; `archc plan` says what `{strategy}` costs"
        raise Failure(f"the backend `{backend.name}` writes no source for `{strategy}`", help=help, code=2)
    parallel = facts.spec.parallel
    devices = parallel.devices if parallel else DEVICES
    asked = under(strategy, devices, parallel)
    placement, findings = place(facts.graph, facts.counts, asked, facts.recipe.batch)
    if findings:
        show_findings(findings, err=True)
        raise typer.Exit(1)
    if "split" not in placement.layouts.values():
        why = "there is one device" if devices == 1 else "no layer has weights to be split"
        raise Failure(f"`{strategy}` splits nothing of {facts.graph.name}: {why}", help="leave it out", code=2)
    return placement
