"""From the bytes of a spec to a document: its sections validated, and its mistakes reported, each at its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from pydantic import ValidationError

from archc.diagnostics.finding import Finding, report
from archc.language.flat_recipe import flat_fields
from archc.language.input_forms import channels_last, mended_input
from archc.language.layer_lists import named_layers
from archc.language.reader import MappingNode, SequenceNode, YamlNode, plain, read
from archc.language.spec import Document, Recipe, Spec, usual_recipe
from archc.language.validation import explain
from archc.source import Span

# Placeholders for parts that could not be read, so that the other parts are still checked.
_PLACEHOLDERS: dict[str, object] = {
    "schema": "archc/v1",
    "name": "unnamed",
    "input": {"image": [1, 1, 1]},
    "layers": {},
}


def read_spec(data: bytes, name: str) -> tuple[Document | None, list[Finding]]:
    """The document of a text, as far as it can be read, and the findings on it."""
    root, findings = read(data, name)
    if root is None:
        return None, findings
    if not isinstance(root, MappingNode):
        start = Span(root.span.source, root.span.start, root.span.start + 1)
        return None, [
            *findings,
            report(start, "ARC104", "a spec must be a mapping that begins with `schema: archc/v1`"),
        ]
    root, told = _mended(root, findings)
    # The other parts of a spec are small, but layers can be many thousands: their bodies are read once, by `lower`.
    content = {key: _layer_names(node) if key == "layers" else plain(node) for key, node in root.entries.items()}
    start = Span(root.span.source, root.span.start, root.span.start)
    faulty = {path[0] for path in told}
    try:
        spec = Spec.model_validate(content)
        if not faulty:
            return Document(spec, root, input_known=True), findings
    except ValidationError as error:
        findings += explain(error, Spec, root.entries, root.keys, start, "the spec", told=told, usual=_usual(content))
        faulty |= {str(detail["loc"][0]) for detail in error.errors(include_url=False)}
    usable = {key: value for key, value in content.items() if key not in faulty}
    spec = Spec.model_validate({**_PLACEHOLDERS, **usable})
    return Document(spec, root, input_known="input" in usable), findings


def _mended(root: MappingNode, findings: list[Finding]) -> tuple[MappingNode, set[tuple[str, ...]]]:
    """The spec with its input, layers and recipe in the right form, where they can be understood in another one.

    The findings on them are added. The paths of those that are reported, but not understood with certainty, are
    returned as well.
    """
    entries = dict(root.entries)
    told: set[tuple[str, ...]] = set()
    if "input" in entries and (turned := channels_last(entries["input"])):
        findings.append(turned)
    elif "input" in entries and (mended := mended_input(entries["input"])):
        # A repeated size of a list without brackets is read as a repeated key.
        at = mended.finding.span
        findings[:] = [f for f in findings if f.code != "ARC005" or not at.start <= f.span.start < at.end]
        findings.append(mended.finding)
        if mended.node is None:
            told.add(mended.path)
        else:
            entries["input"] = mended.node
    layers = entries.get("layers")
    if isinstance(layers, SequenceNode) and (named := named_layers(layers)):
        entries["layers"] = named[0]
        findings.append(named[1])
    train, flat = flat_fields(Recipe, entries.get("train"))
    if train is not None:
        entries["train"] = train
        findings += [each.finding for each in flat]
        told.update(("train", each.field) for each in flat)
    return MappingNode(entries, root.keys, root.span), told


def _layer_names(layers: YamlNode) -> object:
    return dict.fromkeys(layers.entries) if isinstance(layers, MappingNode) else plain(layers)


def _usual(content: Mapping[str, object]) -> dict[str, object]:
    """Values to suggest for what is missing in a spec."""
    match content.get("input"):
        case dict() as inputs if len(inputs) == 1:  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            (image,) = cast(dict[str, object], inputs).values()
        case _:
            image = None
    match image:
        case [int(), int(height), int(width)] if height > 0 and width > 0:
            return {"train": usual_recipe([3, height, width])}
        case _:
            return {}
