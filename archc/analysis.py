"""The front end as one function: the bytes of a spec in, its graph with all facts and findings out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, NamedTuple

from archc.diagnostics.finding import MAX_FINDINGS, Finding, in_source_order, is_error, replacement, report
from archc.diagnostics.grouping import Uses, grouped
from archc.graph import Graph, uses_of
from archc.language.asked import PLAIN, Asked
from archc.language.data_recipe import DataRecipe
from archc.language.document import Document, Root, Spans
from archc.language.lowering import lower
from archc.language.recipe import Recipe, default_recipe
from archc.language.spec import Spec
from archc.language.spec_reading import document_of, read_spec
from archc.language.suppressions import suppress
from archc.passes.advice import advise
from archc.passes.counts import Counts, count
from archc.passes.device_memory import device_memory
from archc.passes.expectations import Held, check_exchanges, check_layers, check_memory, check_totals
from archc.passes.memory import Memory
from archc.passes.placement import Placement, place
from archc.passes.repeated_softmax import repeated_softmax
from archc.passes.shapes import Shapes, shapes
from archc.passes.training_step import TrainingStep

_MOST_WORK = 300_000
"""Variants times layers that are checked with a spec."""

if TYPE_CHECKING:
    from archc.language.variants.derivation import Derivation
    from archc.passes.free_sizes import FreeSizes
    from archc.passes.receptive import ReceptiveField


@dataclass(frozen=True)
class Facts:
    """Everything that is known about a network all of whose shapes are known.

    `placement` is None if the spec has no `parallel:`, or if its layers do not split evenly over the devices.
    """

    spec: Spec
    """The spec as written. Of the layers it contains only the names; `graph` contains the layers."""
    graph: Graph
    recipe: Recipe
    recipe_is_default: bool
    shapes: Shapes
    counts: Counts
    placement: Placement | None
    held: Held
    free: FreeSizes | None = None
    """The formulas of the shapes, if the spec leaves sizes of its inputs free."""
    unread: frozenset[str] = frozenset()
    """The sections of the spec with errors in their text, none of which any shape depends on."""

    @property
    def own_recipe(self) -> Recipe | None:
        """The spec's own recipe; None without `train:`."""
        return None if self.recipe_is_default else self.recipe

    def at(self, sizes: Mapping[str, int]) -> Facts | str:
        """The facts at a size for each free axis, whose totals stay those of the usual ones; or why it cannot be."""
        from archc.passes.free_sizes import Refusal, resized  # few specs leave sizes free

        graph = resized(self.graph, sizes)
        return graph.reason if isinstance(graph, Refusal) else replace(self, graph=graph)

    @cached_property
    def receptive_fields(self) -> dict[str, ReceptiveField | None]:
        """The receptive field of each layer."""
        from archc.passes.receptive import receptive_fields  # few checks show them, and the import would slow down all

        return receptive_fields(self.graph)

    @cached_property
    def step_memory(self) -> Memory:
        """The memory of a training step at the recipe's batch, on the device that needs most."""
        step = TrainingStep.of(self.recipe)
        return device_memory(self.graph, self.placement, batch=self.recipe.batch, step=step)

    @cached_property
    def inference_memory(self) -> Memory:
        """The memory of an inference on the same number of examples, on the device that needs most."""
        return device_memory(self.graph, self.placement, batch=self.recipe.batch, training=False)


class Analysis(NamedTuple):
    """The result of a check. `known` is None if an error prevents the shape of some layer from being known."""

    known: Facts | None
    findings: list[Finding]

    @property
    def facts(self) -> Facts | None:
        """The facts of a valid spec. None if any finding is an error."""
        return None if is_error(self.findings) else self.known


def analyse(data: bytes, name: str, asked: Asked = PLAIN, *, with_variants: bool = False) -> Analysis:
    """Everything that archc finds out about the spec in `data`, which findings call `name`, or what is asked of it.

    With variants, the findings are also those that only a variant of the spec has.
    """
    document, findings = read_spec(data, name, asked)
    if document is None:
        return Analysis(None, _told(findings))
    known, findings = _caused(document, findings)
    if document.derivation is None:
        return Analysis(known, _told(*_settled(document, findings)))
    # Few specs are derived from others, or have variants.
    family = (
        _variants(document, document.derivation, data, name, findings)
        if with_variants and asked.is_plain and not is_error(findings)
        else {}
    )
    seen = [finding for _, own in family.values() for finding in own]
    is_whole = asked.is_plain and (with_variants or not document.derivation.variants)
    left, uses = _settled(document, findings, seen, is_whole=is_whole)
    for variant, (of_variant, own) in family.items():
        kept = own if of_variant is None else _settled(of_variant, own, is_whole=False)[0]
        note = (f"in variant {variant}",) if variant else ()
        left += [finding._replace(notes=(*finding.notes, *note)) for finding in kept]
    return Analysis(known, _told(left, uses))


def _settled(
    document: Document, findings: list[Finding], seen: Sequence[Finding] = (), *, is_whole: bool = True
) -> tuple[list[Finding], Uses]:
    """The findings that are not suppressed, with the uses of blocks that they are in; and those uses by layer.

    `seen` are findings on variants of the spec, which its comments can suppress as well.
    """
    written, expansion = document.texts[0], document.expansion
    others = document.texts[1:]
    if expansion is None or not expansion.sites:
        return suppress(findings, written, others=others, seen=seen, is_whole=is_whole), {}
    if not findings and not seen and not any("archc:" in each.span.source.text for each in document.texts):
        return [], {}
    from archc.language.blocks.findings import in_blocks, uses_around  # few specs have blocks, fewer of them mistakes

    also = partial(uses_around, expansion=expansion)
    left = suppress(findings, written, also, others=others, seen=seen, is_whole=is_whole)
    return in_blocks(left, expansion), uses_of(expansion.scopes, expansion.sites)


def _caused(document: Document, findings: list[Finding]) -> Analysis:
    """Facts and findings, suppressed ones included, each where its cause is."""
    known, findings = _analyse(document, findings)
    if document.derivation is None:
        return Analysis(known, findings)
    return Analysis(known, _blamed(document, document.derivation, known, findings))


def _blamed(document: Document, derivation: Derivation, known: Facts | None, findings: list[Finding]) -> list[Finding]:
    """The findings on a derived spec, each where its cause is."""
    if not findings:
        return findings
    from archc.language.variants.blame import Actual, blamed  # only for a mistake, for the time of start-up

    def find(root: Root) -> list[Finding]:
        whole, told = document_of(root, [], derivation.texts)
        return told if whole is None else _analyse(whole, told).findings

    totals: dict[str, object] = {}
    if known is not None:
        totals = {"parameters": known.counts.parameters, "macs": known.counts.macs}
        totals |= {"exchanges": [each.layer for each in known.placement.exchanges]} if known.placement else {}
    shapes = {node.name: node.output.shape for node in known.graph.nodes} if known else {}
    return blamed(findings, derivation, Actual(totals, shapes), find, len(document.spec.layers))


def _variants(
    whole: Document, derivation: Derivation, data: bytes, name: str, base: list[Finding]
) -> dict[str, tuple[Document | None, list[Finding]]]:
    """By variant: its document, and the findings that neither the spec itself nor a variant before it has.

    What is wrong with the variants together is that of the variant "".
    """
    found: dict[str, tuple[Document | None, list[Finding]]] = {}
    known = {(finding.code, finding.span, finding.message) for finding in base}
    work = len(derivation.variants) * max(len(whole.spec.layers), len(data) // 100)
    if work > _MOST_WORK:
        at = derivation.own.keys["variants"].span
        message = f"{len(derivation.variants):,} variants are too many to check with a spec of this size"
        return {"": (None, [report(at, "ARC003", message, help="write each into a file of its own")])}
    for variant in derivation.variants:
        document, findings = read_spec(data, name, Asked(variant))
        if document is not None:
            findings = _caused(document, findings).findings
        own = [finding for finding in findings if (finding.code, finding.span, finding.message) not in known]
        known |= {(finding.code, finding.span, finding.message) for finding in own}
        found[variant] = document, own
    return found


def every_finding(data: bytes, name: str, asked: Asked = PLAIN) -> tuple[Document | None, list[Finding]]:
    """The document of a spec, and the findings on it: suppressed ones included, and those of each layer by itself."""
    document, findings = read_spec(data, name, asked)
    return document, findings if document is None else _caused(document, findings).findings


def _told(findings: list[Finding], uses: Uses | None = None) -> list[Finding]:
    """Each mistake once, in the order of the text; errors are cut after MAX_FINDINGS, advice alone is not."""
    ordered = in_source_order(findings)
    if uses:
        ordered = grouped(ordered, uses)  # a mistake in a block counts once
    # Advice leaves a spec usable, and a program that reads the output needs all of it.
    if len(ordered) <= MAX_FINDINGS or not is_error(ordered):
        return grouped(ordered, uses or {})
    message = f"more than {MAX_FINDINGS:,} findings; only the first are shown"
    more = report(ordered[MAX_FINDINGS].span, "ARC003", message, help="fix those, and check again")
    return [*grouped(ordered[:MAX_FINDINGS], uses or {}), more]


def _analyse(document: Document, findings: list[Finding]) -> Analysis:
    """Facts and findings, suppressed ones included."""
    graph, more = lower(document)
    if document.spec.free and is_error(more):
        from archc.language.mistakes.larger_inputs import larger  # few specs leave sizes free

        graph, more = larger(document, graph, more)
    if any(finding.code == "ARC005" for finding in findings):
        # Few specs repeat a key, and the import would slow down all.
        from archc.language.mistakes.brackets import unrepeated

        findings = unrepeated(findings, more)
    findings = [*findings, *more]
    shape_facts = shapes(graph)
    expect = None if is_error(findings) else document.spec.expect
    held_layers, unexpected = check_layers(graph, shape_facts, expect)
    unexpected += repeated_softmax(graph)
    recipe = _check_recipe(document, graph, [*findings, *unexpected])
    # With layers missing from the graph, totals, placement and advice would only repeat what is reported already.
    if is_error(findings):
        # Only mistaken specs need it, for the time of start-up.
        from archc.language.mistakes.known_shapes import unread_sections
        from archc.passes.consequences import causes_only

        unread = unread_sections(document, graph, findings)
        known = None
        if unread is not None:
            known, _ = _totals(document.spec, document.spans, graph, shape_facts, held_layers)
            known = replace(known, unread=unread)
        return Analysis(known, [*causes_only(findings, unexpected, graph), *unexpected, *recipe])
    facts, more = _totals(document.spec, document.spans, graph, shape_facts, held_layers)
    # So would they with a wrong shape or a repeated softmax.
    return Analysis(facts, [*findings, *(unexpected or more), *recipe])


def _totals(spec: Spec, spans: Spans, graph: Graph, shape_facts: Shapes, held: Held) -> tuple[Facts, list[Finding]]:
    """The questions that only a whole graph can answer: the facts and the findings."""
    counts = count(graph)
    free, fixed = _free_sizes(spans, graph)
    recipe = spec.train or default_recipe(graph.inputs.values(), graph.loss)
    held_totals, unexpected, mended = check_totals(spec.expect, spans, graph, counts, spec.parallel, recipe.batch)
    placement, uneven = _place(spec, spans, graph, counts, recipe.batch)
    overrides = _check_overrides(spec, spans, graph, counts, placement, recipe.batch)
    held_devices, exceeded = Held(), list[Finding]()
    if uneven:  # what follows from parts of unequal size would only repeat that finding
        placement = None
    else:
        held_devices, exceeded = _check_devices(spec, spans, graph, placement, recipe)
        # Exchanges that a mistake in the totals explains are marked there.
        told = {span for finding in unexpected for span, _ in finding.related}
        exceeded = [finding for finding in exceeded if finding.span not in told]
    blamed = frozenset(field for finding in unexpected for field in finding.blamed)
    advice_on = partial(
        advise,
        loss=recipe.loss,
        blamed=blamed,
        is_trained=spec.train is not None,
        names_outputs=spec.outputs is not None,
    )
    advice = advice_on(graph, shape_facts, counts, placement)
    if mended and advice:
        from archc.passes.consequences import advice_on_all  # only mistaken specs need it, for the time of start-up

        others: list[list[Finding]] = []
        for each in mended:
            counted = count(each)
            placed, _ = _place(spec, spans, each, counted, recipe.batch)
            others.append(advice_on(each, shapes(each), counted, placed))
        advice = advice_on_all(advice, others)
    facts = Facts(
        spec=spec,
        graph=free.graph if free else graph,
        recipe=recipe,
        recipe_is_default=spec.train is None,
        shapes=shape_facts,
        counts=counts,
        placement=placement,
        held=Held(held.layers, held_totals.totals + held_devices.totals),
        free=free,
    )
    return facts, [*fixed, *unexpected, *uneven, *overrides, *exceeded, *advice]


def _place(
    spec: Spec, spans: Spans, graph: Graph, counts: Counts, batch: int
) -> tuple[Placement | None, list[Finding]]:
    if spec.parallel is None:
        return None, []
    return place(graph, counts, spec.parallel, batch, devices=spans.value("parallel", "devices"))


def _free_sizes(spans: Spans, graph: Graph) -> tuple[FreeSizes | None, list[Finding]]:
    """The formulas of a network whose spec leaves sizes free, or the finding on the layer that needs a size."""
    if not graph.free:
        return None, []
    from archc.passes.free_sizes import Refusal, free_sizes, not_free  # few specs leave sizes free

    found = free_sizes(graph)
    return (None, [not_free(found, spans, graph)]) if isinstance(found, Refusal) else (found, [])


def _check_devices(
    spec: Spec, spans: Spans, graph: Graph, placement: Placement | None, recipe: Recipe
) -> tuple[Held, list[Finding]]:
    """The expectations that depend on the placement."""
    exchanges, misplaced = check_exchanges(spec.expect, spans, graph, placement)
    memory, exceeded = check_memory(spec.expect, spans, graph, placement, recipe.batch, TrainingStep.of(recipe))
    return Held(totals=exchanges.totals + memory.totals), [*misplaced, *exceeded]


def _check_overrides(
    spec: Spec, spans: Spans, graph: Graph, counts: Counts, placement: Placement | None, batch: int
) -> list[Finding]:
    """The findings on layers that the spec places itself, if it places any."""
    if spec.parallel is None or placement is None or not spec.parallel.layers:
        return []
    from archc.passes.overrides import check_overrides  # few specs place layers, and the import would slow down all

    return check_overrides(spec.parallel, spans, graph, counts, placement, batch)


def _check_recipe(document: Document, graph: Graph, others: list[Finding]) -> list[Finding]:
    """Whether the recipe suits the network: the size of a crop, which no layer can change, and the loss."""
    recipe, spans = document.spec.train, document.spans
    if recipe is None:
        return []
    if recipe.data is None and recipe.test == "ten_crop":
        message = "`test: ten_crop` takes parts of pictures, and the recipe has no `data:` that prepares pictures"
        return [report(spans.value("train", "test"), "ARC109", message, help="use `test: center`, or add `data:`")]
    found = _check_data(document, graph, recipe.data, others) if recipe.data else []
    if found or is_error(others):
        return found
    from archc.passes.losses import check_loss  # few specs have a recipe, for the time of start-up

    return check_loss(graph, recipe.loss, spans)


def _check_data(document: Document, graph: Graph, data: DataRecipe, others: list[Finding]) -> list[Finding]:
    """Whether the preparation of pictures suits the network: the size of the crop, and the numbers that are given."""
    found = _check_crop(document, graph, data, others)
    if not data.given:
        return found
    from archc.passes.picture_numbers import check_numbers  # few specs give them

    (image, *more) = graph.inputs.values()
    is_known = document.input_known and image.is_maps and not more
    return [*found, *check_numbers(data, document.spans, image.channels if is_known else None)]


def _check_crop(document: Document, graph: Graph, data: DataRecipe, others: list[Finding]) -> list[Finding]:
    """The crop must have the size of the network's input. No layer can change that, so `others` do not hide it."""
    spans = document.spans
    (name, image), *more = graph.inputs.items()
    if not more and tuple(data.crop) == image.shape[1:]:
        return []
    sizes, has_errors = spans.value("input"), is_error(others)
    # An input that is wrong itself says nothing about the crop.
    in_doubt = any(sizes.start <= finding.span.start < sizes.end for finding in others)
    if not document.input_known or (has_errors and in_doubt):
        return []
    span = spans.value("train", "data", "crop")
    if more or not image.is_maps:
        if has_errors:
            return []
        found = f"has {len(more) + 1} inputs" if more else f"reads {name}, {image.described}"
        message = f"`train.data` prepares pictures for one input [channels, height, width], but the network {found}"
        return [report(spans.key("train", "data"), "ARC109", message, help="delete `data:`")]
    message = f"the crop is {data.crop}, but the network's input is {image.height} × {image.width}"
    related = [(spans.key("input", name), f"{name} is {image}")]
    crop = str(image.height) if image.height == image.width else str(list(image.shape[1:]))
    # An error in a layer can come from a wrong input as well.
    fix = () if has_errors else replacement(span, crop)
    return [report(span, "ARC109", message, help=f"use `crop: {crop}`", related=related, fix=fix)]
