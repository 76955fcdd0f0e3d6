"""Generates JSON Schemas: of the language (draft 7, for editors), and of any command's JSON output.

The schema of the language is generated from the classes of the spec and of the ops. archc rejects every spec that it
rejects, and more, because a schema cannot compute shapes. A field of an op is required in a layer unless `defaults:`
supplies it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from archc.language.blocks.schema import block, is_op, layer, untyped, use, with_derived
from archc.language.spec import Spec
from archc.language.variants.schema import change, family, variant
from archc.ops import ops
from archc.ops.fields import Margins, Size
from archc.ops.initialisation import WeightInit
from archc.ops.op import Op

_EXPECT: JsonSchemaValue = {
    "description": "Expected output shape of this layer: [channels, height, width], [channels, length] or [units]. "
    "archc checks it.",
    "type": "array",
    "items": {"type": "integer", "minimum": 1},
    "minItems": 1,
    "maxItems": 3,
}
_WRAPPED = re.compile(r"(?<!\n)\n(?!\n)")  # editors would show each line as a paragraph
_FROM = "Names of what this layer reads: the input or earlier layers. Default: the layer directly before this one."


def json_schema() -> JsonSchemaValue:
    """The JSON Schema of a complete spec in archc/v1."""
    definitions: JsonSchemaValue = {}
    spec = _of(Spec, definitions)
    # Classes of two distributions may have the same name, so theirs are kept apart.
    prefixes = {name: "" if ops().is_own(name) else f"{name}." for name in ops()}
    bodies = {name: _of(op, definitions, prefixes[name]) for name, op in sorted(ops().items())}
    properties = spec["properties"]
    properties["defaults"] |= _closed({name: _defaults(name, body) for name, body in bodies.items()})
    properties["layers"] |= {
        "minProperties": 1,
        "propertyNames": {"pattern": properties["name"]["pattern"]},
        "minItems": 1,
        "items": {"$ref": "#/definitions/layer"},
        "additionalProperties": layer(_op(bodies), bodies, inside=False),
        "type": ["object", "array"],
    }
    pattern = properties["name"]["pattern"]
    properties["blocks"] |= {"propertyNames": {"pattern": pattern}, "additionalProperties": block(pattern)}
    properties["extends"]["type"] = "string"
    properties["change"] |= {"type": "array", "items": {"$ref": "#/definitions/change"}}
    properties["variants"] |= {"propertyNames": {"pattern": pattern}, "additionalProperties": variant(properties)}
    # What a spec with `extends` takes from its base is not required in it.
    required, spec["required"] = spec["required"], ["schema", "name"]
    whole = {name: _body(ops()[name], with_derived(name, body)) for name, body in bodies.items()}
    definitions |= {name: body | {"block": untyped(body)} for name, body in whole.items()}
    definitions |= {
        "layer": layer(_op(bodies), bodies, inside=False),
        "block_layer": layer(_op(bodies), bodies, inside=True),
        "use": use(_EXPECT, _FROM),
        "change": change(),
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "urn:archc:v1",
        **spec,
        "allOf": [
            *(_unless_default(name, field) for name, body in bodies.items() for field in _required(body)),
            family([name for name in required if name not in spec["required"]]),
        ],
        "definitions": definitions,
    }


def output_schema(command: str, document: type) -> JsonSchemaValue:
    """The JSON Schema (draft 2020-12) of a command's JSON output, generated from its class `document`."""
    made = TypeAdapter[object](document).json_schema(schema_generator=_Untitled, mode="serialization")
    version = made["properties"]["version"]["const"]
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:archc:{command}:v{version}"}
    return head | made


def _of(model: type[BaseModel], definitions: JsonSchemaValue, prefix: str = "") -> JsonSchemaValue:
    """The schema of one class. Classes that it refers to are added to the shared `definitions`, with a prefix."""
    made = model.model_json_schema(ref_template=f"#/definitions/{prefix}{{model}}", schema_generator=_Draft7)
    for name, definition in made.pop("$defs", {}).items():
        assert definitions.setdefault(prefix + name, definition) == definition, f"two classes are called {name}"
    return made


def _closed(properties: JsonSchemaValue) -> JsonSchemaValue:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _required(body: JsonSchemaValue) -> Iterator[str]:
    return (field for field in body["required"] if field != "op")


def _defaults(name: str, body: JsonSchemaValue) -> JsonSchemaValue:
    """The schema of an op's fields under `defaults:`. None of them is required."""
    fields = {field: {"$ref": f"#/definitions/{name}/properties/{field}"} for field in body["properties"]}
    del fields["op"]
    return {"description": body["description"], **_closed(fields)}


def _op(bodies: dict[str, JsonSchemaValue]) -> JsonSchemaValue:
    return {
        "description": "Operation that this layer computes.",
        "enum": list(bodies),
        "enumDescriptions": [body["description"].partition("\n")[0] for body in bodies.values()],
    }


def _body(op: type[Op], body: JsonSchemaValue) -> JsonSchemaValue:
    """The schema of a layer with a given op: the op's fields, and those of every layer."""
    least, most = op.arity
    names = {"type": "array", "items": {"type": "string"}, "minItems": least, **({"maxItems": most} if most else {})}
    reads = {"description": _FROM, **(names if least > 1 else {"anyOf": [{"type": "string"}, names]})}
    properties = body["properties"] | {"op": {}, "from": reads, "expect": _EXPECT}
    return {**body, "properties": properties, "required": ["from"] if least > 1 else []}


def _unless_default(name: str, field: str) -> JsonSchemaValue:
    """A rule that requires a field in each layer of an op, unless `defaults:` supplies it."""
    supplied = {
        "required": ["defaults"],
        "properties": {"defaults": {"required": [name], "properties": {name: {"required": [field]}}}},
    }
    lacking = {"if": is_op(name), "then": {"required": [field]}}
    return {"if": supplied, "else": {"properties": {"layers": {"additionalProperties": lacking}}}}


class _Untitled(GenerateJsonSchema):
    """pydantic's generator without generated titles, and with each description on one line."""

    def field_title_should_be_set(self, schema: core_schema.CoreSchema | Any) -> bool:
        return False

    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> JsonSchemaValue:
        made = super().typed_dict_schema(schema)
        del made["title"]
        for field in (made, *made["properties"].values()):
            if "description" in field:
                field["description"] = _WRAPPED.sub(" ", field["description"])
        return made


class _Draft7(_Untitled):
    """The generator of the language's schema, in draft 7."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        made = super().model_schema(schema)
        del made["title"]
        if "description" in made:  # a class of a distribution may have no docstring
            made["description"] = _WRAPPED.sub(" ", made["description"])
        return made

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        made = super().dict_schema(schema)
        # A pattern for keys forbids nothing by itself: keys that do not match would be allowed.
        return made | {"additionalProperties": False} if "patternProperties" in made else made

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        made = super().nullable_schema(schema)
        # A list of types instead of an `anyOf`, whose error would not name the rule that a wrong value breaks.
        inner, *others = made["anyOf"]
        if len(others) > 1:
            return made
        values = {"enum": [*inner["enum"], None]} if "enum" in inner else {}
        return {**inner, **values, "type": [inner["type"], "null"]} if "type" in inner else made

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        made = super().default_schema(schema)
        if made.get("default", 0) is None:
            del made["default"]  # None is the absence of the field, not a value to write
        return made

    def encode_default(self, dft: Any) -> Any:
        # pydantic would dump the classes as they are. A default must read as a spec writes it.
        match dft:
            case Margins():
                return self.encode_default(dft.symmetric)
            case Size():
                return dft.height if dft.height == dft.width else list(dft)
            case WeightInit():
                return dft.written()
            case _:
                return super().encode_default(dft)
