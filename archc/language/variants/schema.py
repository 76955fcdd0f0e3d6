"""The JSON Schema of changes, of variants, and of specs that extend another one, for editors."""

from __future__ import annotations

from pydantic.json_schema import JsonSchemaValue

from archc.language.variants.words import OF_EXTENSION, OF_VARIANT, SECTIONS

_PATH = {"type": "string", "minLength": 1}
_LAYER: JsonSchemaValue = {"$ref": "#/definitions/block_layer"}
_LAYERS: JsonSchemaValue = {
    "type": ["object", "array"],
    "additionalProperties": _LAYER,
    "items": _LAYER,
    "minProperties": 1,
    "minItems": 1,
}
_OF_OP: JsonSchemaValue = {
    "type": "object",
    "properties": {"op": {"type": "string"}},
    "required": ["op"],
    "additionalProperties": False,
}
_TARGET: JsonSchemaValue = {"anyOf": [_PATH, _OF_OP]}
_NAMED = "a layer by its name, or all layers of an op as `{op: NAME}`"


def change() -> JsonSchemaValue:
    """The schema of one change."""
    properties: JsonSchemaValue = {
        "set": {"description": "Path of the value to set, such as `layers.fc6.units`; `*` is every entry.", **_PATH},
        "to": {"description": "Value that `set` gives, as a whole."},
        "replace": {"description": f"What to replace: {_NAMED}.", **_TARGET},
        "with": {"description": "Layer instead: its `from` and `expect` stay, unless it has its own.", **_LAYER},
        "remove": {"description": f"What to remove: {_NAMED}, or a value by its path.", **_TARGET},
        "insert": {"description": "Layers to insert, by name; a list in a numbered stage.", **_LAYERS},
        "after": {"description": "Layer after which `insert` puts the new ones.", **_PATH},
        "before": {"description": "Layer before which `insert` puts the new ones.", **_PATH},
    }
    forms = [["set", "to"], ["replace", "with"], ["remove"], ["insert", "after"], ["insert", "before"]]
    one_of = [{"required": form, "maxProperties": len(form)} for form in forms]
    return {"type": "object", "properties": properties, "additionalProperties": False, "anyOf": one_of}


def variant(properties: JsonSchemaValue) -> JsonSchemaValue:
    """The schema of a variant, whose sections are those of a spec."""
    own = {name: {"$ref": f"#/properties/{name}"} for name in OF_VARIANT}
    own["name"] = {**properties["name"], "description": "Name of the variant's network. Default: NAME_VARIANT."}
    return {"type": "object", "properties": own, "additionalProperties": False, "minProperties": 1}


def family(required: list[str]) -> JsonSchemaValue:
    """The rule on which sections a spec has: with `extends` its own few, else the `required` ones."""
    inherited: JsonSchemaValue = {name: False for name in SECTIONS if name not in OF_EXTENSION}
    return {
        "if": {"required": ["extends"]},
        "then": {"properties": inherited},
        "else": {"required": required, "properties": {"change": False}},
    }
