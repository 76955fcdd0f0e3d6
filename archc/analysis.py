"""The front end as one function: bytes of a spec in, its graph with all facts and findings out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from archc.diagnostics.finding import Finding, in_source_order, is_error, replacement, report
from archc.graph import Graph
from archc.language.lowering import lower
from archc.language.reader import MAX_FINDINGS
from archc.language.spec import Document, Recipe, Spec, default_recipe, read_spec
from archc.language.suppressions import suppress
from archc.passes.advice import advise
from archc.passes.counts import Counts, count
from archc.passes.device_memory import device_memory
from archc.passes.expectations import Held, check_exchanges, check_layers, check_memory, check_totals
from archc.passes.memory import Memory
from archc.passes.placement import Placement, place
from archc.passes.shapes import Shapes, shapes

if TYPE_CHECKING:
    from archc.passes.receptive import ReceptiveField


@dataclass(frozen=True)
class Facts:
    """All that is known of a network without errors."""

    spec: Spec
    """As it was written; its layers are those of the graph."""
    graph: Graph
    recipe: Recipe
    recipe_is_default: bool
    shapes: Shapes
    counts: Counts
    placement: Placement | None
    held: Held

    @cached_property
    def receptive_fields(self) -> dict[str, ReceptiveField | None]:
        """What of the input a value of each layer sees."""
        from archc.passes.receptive import receptive_fields  # few checks show them, and all would wait for it

        return receptive_fields(self.graph)

    @cached_property
    def step_memory(self) -> Memory:
        """What a training step takes at the recipe's batch, on the device that takes most."""
        return device_memory(self.graph, self.placement, batch=self.recipe.batch)

    @cached_property
    def inference_memory(self) -> Memory:
        """The same of an inference on as many examples."""
        return device_memory(self.graph, self.placement, batch=self.recipe.batch, training=False)


class Analysis(NamedTuple):
    """`facts` is None where any finding is an error."""

    facts: Facts | None
    findings: list[Finding]


def analyse(data: bytes, name: str) -> Analysis:
    """Everything that archc knows of the spec in `data`, reported under `name`."""
    document, findings = read_spec(data, name)
    if document is None:
        return Analysis(None, _told(findings))
    analysis = _analyse(document, findings)
    return Analysis(analysis.facts, _told(suppress(analysis.findings, document.root)))


def _told(findings: list[Finding]) -> list[Finding]:
    """In the order of the text; of more errors than anyone reads, the first. Advice alone is told in full."""
    ordered = in_source_order(findings)
    if len(ordered) <= MAX_FINDINGS or not is_error(ordered):
        return ordered
    message = f"more than {MAX_FINDINGS:,} findings: the first are shown"
    more = report(ordered[MAX_FINDINGS].span, "ARC003", message, help="mend those, and check again")
    return [*ordered[:MAX_FINDINGS], more]


def _analyse(document: Document, findings: list[Finding]) -> Analysis:
    """Facts and findings, before any is silenced."""
    graph, more = lower(document)
    findings += more
    shape_facts = shapes(graph)
    held_layers, more = check_layers(document, graph, shape_facts)
    findings += more
    if is_error(findings):
        return Analysis(None, findings)
    return _totals(document, graph, shape_facts, held_layers, findings)


def _totals(document: Document, graph: Graph, shape_facts: Shapes, held: Held, findings: list[Finding]) -> Analysis:
    """What can only be asked of a whole graph."""
    spec = document.spec
    counts = count(graph)
    recipe = spec.train or default_recipe(next(iter(spec.input.values())))
    placement, more = place(graph, counts, spec.parallel, recipe.batch) if spec.parallel else (None, [])
    held_totals, unexpected = check_totals(document, counts)
    held_exchanges, misplaced = check_exchanges(document, graph, placement)
    held_memory, exceeded = check_memory(document, graph, placement, recipe.batch)
    overrides = _check_overrides(document, graph, counts, placement, recipe.batch)
    advice = advise(graph, shape_facts, counts, placement, recipe.loss)
    findings = [
        *findings,
        *more,
        *unexpected,
        *misplaced,
        *exceeded,
        *overrides,
        *_check_recipe(document, graph),
        *advice,
    ]
    if is_error(findings):
        return Analysis(None, findings)
    facts = Facts(
        spec=spec,
        graph=graph,
        recipe=recipe,
        recipe_is_default=spec.train is None,
        shapes=shape_facts,
        counts=counts,
        placement=placement,
        held=Held(held.layers, held_totals.totals + held_exchanges.totals + held_memory.totals),
    )
    return Analysis(facts, findings)


def _check_overrides(
    document: Document, graph: Graph, counts: Counts, placement: Placement | None, batch: int
) -> list[Finding]:
    """Of the layers that are placed by hand, where there are any."""
    parallel = document.spec.parallel
    if parallel is None or not parallel.layers:
        return []
    from archc.passes.overrides import check_overrides  # few specs have any, and all would wait for it

    return check_overrides(document, graph, counts, placement, batch)


def _check_recipe(document: Document, graph: Graph) -> list[Finding]:
    """The crop is what the network sees."""
    recipe = document.spec.train
    (image,) = graph.inputs.values()
    if recipe is None or tuple(recipe.data.crop) == image.shape[1:]:
        return []
    span = document.span("train", "data", "crop")
    message = f"the crop is {recipe.data.crop}, the network's input {image.height} × {image.width}"
    (name,) = graph.inputs
    related = [(document.key("input", name), f"{name} is {image}")]
    crop = str(image.height) if image.height == image.width else str(list(image.shape[1:]))
    fix = replacement(span, crop)
    return [report(span, "ARC109", message, help=f"write `crop: {crop}`", related=related, fix=fix)]
