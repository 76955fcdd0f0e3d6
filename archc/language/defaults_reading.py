"""Reads the section `defaults:`. What is in archc's own words, without a mistake, is read here."""

from __future__ import annotations

from pydantic import ValidationError

from archc.language.defaults import Defaults
from archc.language.document import Document
from archc.language.fields import field_names
from archc.language.layer_fields import derived_fields
from archc.language.reader import MappingNode, YamlNode, plain
from archc.language.spec import Spec
from archc.ops import ops

_SECTION = "defaults"


def read_defaults(document: Document) -> Defaults:
    """The defaults of a document."""
    found = Defaults()
    section = document.node(_SECTION)
    if section is None and document.root.entries.keys() <= set(field_names(Spec)):
        return found
    if section is None:
        from archc.language.mistakes.defaults import misspelt_section  # few specs need it, for the time of start-up

        section = misspelt_section(document, found)
    if section is None:
        return found
    is_mapping = isinstance(section, MappingNode)
    names = [name for name, body in section.entries.items() if not _read(name, body, found)] if is_mapping else []
    if names or not is_mapping:
        from archc.language.mistakes.defaults import read_mistaken  # few specs need it, for the time of start-up

        read_mistaken(section, names, found, document.node("layers"))
    return found


def without_derived(op: str, body: MappingNode, found: Defaults) -> MappingNode:
    """The defaults of an op without its derived values, which become numbers in each layer."""
    names = derived_fields(body, ops()[op])
    if not names:
        return body
    from archc.language.derived import with_derived  # few specs need it, for the time of start-up

    entries = {name: body.entries[name] for name in names}
    derived = MappingNode(entries, {name: body.keys[name] for name in names}, body.span)
    _, findings = with_derived(derived, ops()[op], None, "a layer")
    if findings:
        found.findings += findings
        found.misread[op] = {*found.misread.get(op, ()), *names}
    else:
        found.derived[op] = derived
    others = {name: node for name, node in body.entries.items() if name not in entries}
    return body._replace(entries=others, keys={name: body.keys[name] for name in others})


def _read(op: str, body: YamlNode, found: Defaults) -> bool:
    """Read the defaults of an op, if nothing is wrong with them; whether they could be read."""
    if op not in ops() or not isinstance(body, MappingNode):
        return False
    model = ops()[op]
    whole, body = body, without_derived(op, body, found)
    if not body.entries.keys() <= {name for name in field_names(model) if name != "op"}:
        return False
    try:
        model.model_validate({"op": op, **{name: plain(value) for name, value in body.entries.items()}})
    except ValidationError as error:
        # A missing field is fine: a layer may give it.
        if any(detail["type"] != "missing" or len(detail["loc"]) > 1 for detail in error.errors(include_url=False)):
            return False
    found.of[op], found.written[op] = body, whole
    found.foreign[op] = set()
    return True
