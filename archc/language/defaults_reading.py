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


def _read(op: str, body: YamlNode, found: Defaults) -> bool:
    """Read the defaults of an op, if nothing is wrong with them; whether they could be read."""
    if op not in ops() or not isinstance(body, MappingNode):
        return False
    model = ops()[op]
    whole = body
    if derived_fields(body, model):
        from archc.language.derived import without_derived  # as above

        body = without_derived(op, body, found)
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
