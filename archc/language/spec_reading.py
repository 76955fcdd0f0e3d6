"""From the bytes of a spec to a document: its sections validated, and its mistakes reported, each at its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from pydantic import ValidationError

from archc.diagnostics.finding import Finding, report
from archc.language.asked import PLAIN, Asked
from archc.language.document import Document
from archc.language.reader import MappingNode, SequenceNode, YamlNode, plain, read
from archc.language.recipe import usual_recipe
from archc.language.spec import FAMILY, Spec
from archc.source import Span

# Placeholders for parts that could not be read, so that the other parts are still checked.
_PLACEHOLDERS: dict[str, object] = {
    "schema": "archc/v1",
    "name": "unnamed",
    "input": {"image": [1, 1, 1]},
    "layers": {},
}

STUDY = "archc-study/v1"
"""The schema of a study, which is a file of its own kind."""

_TELLING = ("schema", "layers")
"""Fields that files of other kinds do not have, even under the names that other frameworks use."""
_MOST_READ = 100
"""Fields in which such a name is searched."""


def read_spec(data: bytes, name: str, asked: Asked = PLAIN) -> tuple[Document | None, list[Finding]]:
    """The document of a text, or of what is asked of it, as far as it can be read, and the findings on it."""
    root, findings = read(data, name)
    if root is None:
        return None, findings
    if not isinstance(root, MappingNode):
        start = Span(root.span.source, root.span.start, root.span.start + 1)
        return None, [
            *findings,
            report(start, "ARC104", "a spec must be a mapping that begins with `schema: archc/v1`"),
        ]
    schema = root.entries.get("schema")
    if schema is not None and plain(schema) == STUDY:
        help = "run `archc study` with this file; its `runs` name specs"
        return None, [*findings, report(schema.span, "ARC105", "a study is not a spec", help=help)]
    if schema is None and (other := _of_another_kind(root)):
        return None, [*findings, other]
    if asked.is_plain and root.entries.keys().isdisjoint(FAMILY):
        return document_of(root, findings)
    from archc.language.variants.derivation import derive  # few specs need it, for the time of start-up

    derivation, told = derive(root, name, asked)
    findings = [*findings, *told]
    if derivation is None:
        return None, findings
    document, findings = document_of(derivation.result.root, findings, derivation.texts)
    return document and document._replace(derivation=derivation), findings


def document_of(
    root: MappingNode, findings: list[Finding], texts: tuple[MappingNode, ...] = ()
) -> tuple[Document | None, list[Finding]]:
    """The document of a whole spec in nodes, whose texts are those of other roots if it is derived from them."""
    expansion = None
    if _has_blocks(root, texts or (root,)):
        from archc.language.blocks.expansion import expand  # few specs need it, for the time of start-up

        expansion, told = expand(root)
        findings = [*findings, *told]
        if expansion is None:
            return None, findings
        root = expansion.root
    content = _content(root)
    try:
        spec = Spec.model_validate(content)
        return Document(spec, root, True, expansion), [*findings, *_channels_last(root, spec)]
    except ValidationError:
        # Only for a spec with a mistake, for the time of start-up.
        from archc.language.mistakes.other_forms import mended
        from archc.language.mistakes.validation import explain

        root, told = mended(root, findings)
    content = _content(root)
    start = Span(root.span.source, root.span.start, root.span.start)
    faulty = {path[0] for path in told}
    try:
        spec = Spec.model_validate(content)
        if not faulty:
            return Document(spec, root, True, expansion), findings
    except ValidationError as error:
        findings += explain(error, Spec, root.entries, root.keys, start, "the spec", told=told, usual=_usual(content))
        faulty |= {str(detail["loc"][0]) for detail in error.errors(include_url=False)}
    usable = {key: value for key, value in content.items() if key not in faulty}
    spec = Spec.model_validate({**_PLACEHOLDERS, **usable})
    return Document(spec, root, "input" in usable, expansion), findings


def _has_blocks(root: MappingNode, texts: tuple[MappingNode, ...]) -> bool:
    """Whether a spec has blocks, stages or references, or a mistake in them."""
    if "blocks" in root.entries or any("$" in each.span.source.text for each in texts):
        return True
    layers = root.entries.get("layers")
    if not isinstance(layers, MappingNode):
        return isinstance(layers, SequenceNode)
    kinds = [body.entries for body in layers.entries.values() if isinstance(body, MappingNode)]
    return len(kinds) < len(layers.entries) or any("block" in entries or "repeat" in entries for entries in kinds)


def _of_another_kind(root: MappingNode) -> Finding | None:
    """The finding for a file that is not a spec at all, such as a workflow of a CI."""
    from archc.language.fields import field_names  # as above
    from archc.language.mistakes.vocabulary import nearest

    names = field_names(Spec)
    words = list(root.entries)[:_MOST_READ]
    is_ours = not root.entries.keys().isdisjoint(("input", "extends"))
    if is_ours or any(nearest(word, names, section=True) in _TELLING for word in words):
        return None
    start = Span(root.span.source, root.span.start, root.span.start)
    message = "not an archc spec: it has no `schema`, `input` or `layers`"
    help = "begin a spec with `schema: archc/v1`, and add `name:`, `input:` and `layers:`"
    return report(start, "ARC103", message, help=help)


def _content(root: MappingNode) -> dict[str, object]:
    # The other parts of a spec are small, but layers can be many thousands: their bodies are read once, by `lower`.
    return {key: _layer_names(node) if key == "layers" else plain(node) for key, node in root.entries.items()}


def _channels_last(root: MappingNode, spec: Spec) -> list[Finding]:
    """The advice on an input whose last size is much smaller than the others, if it deserves one."""
    (x, *others) = spec.inputs.values()
    if others or not x.is_maps or 2 * x.width > min(x.shape[:2]):
        return []
    from archc.language.mistakes.input_forms import channels_last  # for the time of start-up, as above

    advice = channels_last(root.entries["input"])
    return [advice] if advice else []


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
