"""The JSON Schema of blocks, of their uses, and of numbered stages, for editors.

A value in a block can be a reference, so the fields of its layers have names and descriptions there, but no types.
"""

from __future__ import annotations

from pydantic.json_schema import JsonSchemaValue

from archc.ops import ops

_REFERENCE: JsonSchemaValue = {"type": "string", "pattern": r"^\$[A-Za-z][A-Za-z0-9_]*$"}
_BLOCK = "Block that this layer uses. Its other fields are the values that the block takes."
_REPEAT = "Number of copies of the block, one after another, numbered from 0. Default: one copy, without a number."
_TAKES = "Names of the values that each use of the block gives: `name`, or `name: default`. Its layers write `$name`."
_LAYERS = "Layers of the block: by name, or a list, whose layers are numbered. `input` is what the block reads."


def use(expect: JsonSchemaValue, reads: str) -> JsonSchemaValue:
    """The schema of a use of a block."""
    names = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
    repeat = {"description": _REPEAT, "anyOf": [{"type": "integer", "minimum": 1}, _REFERENCE]}
    return {
        "properties": {
            "block": {"description": _BLOCK, "type": "string"},
            "repeat": repeat,
            "from": {"description": reads, **names},
            "expect": {"description": expect["description"], "anyOf": [expect, _REFERENCE]},
        }
    }


def block(pattern: str) -> JsonSchemaValue:
    """The schema of a block, whose layers are the definition `block_layer`."""
    pair = {"type": "object", "minProperties": 1}
    takes = {"description": _TAKES, "type": "array", "items": {"anyOf": [{"type": "string"}, pair]}}
    layer = {"$ref": "#/definitions/block_layer"}
    layers = {
        "description": _LAYERS,
        "type": ["object", "array"],
        "minProperties": 1,
        "propertyNames": {"pattern": pattern},
        "additionalProperties": layer,
        "minItems": 1,
        "items": layer,
    }
    return {
        "type": "object",
        "properties": {"takes": takes, "layers": layers},
        "required": ["layers"],
        "additionalProperties": False,
    }


def layer(op: JsonSchemaValue, bodies: dict[str, JsonSchemaValue], *, inside: bool) -> JsonSchemaValue:
    """The schema of a layer: its `op` decides which fields it takes; or it is a use of a block, or a stage.

    `inside` a block, its op can be a reference, too.
    """
    # Not `oneOf`: for a single mistake, an editor would list the errors of every op.
    suffix, name = ("/block", "block_layer") if inside else ("", "layer")
    is_use = {"type": "object", "required": ["block"]}
    any_op = {"description": op["description"], "anyOf": [{"enum": op["enum"]}, _REFERENCE]}
    return {
        "type": ["object", "array"],
        "minItems": 1,
        "items": {"$ref": f"#/definitions/{name}"},
        "properties": {"op": any_op if inside else op},
        "allOf": [
            {"if": is_use, "then": {"$ref": "#/definitions/use"}, "else": {"required": ["op"]}},
            *({"if": is_op(each), "then": {"$ref": f"#/definitions/{each}{suffix}"}} for each in bodies),
        ],
    }


def is_op(name: str) -> JsonSchemaValue:
    """The condition for a layer of an op."""
    return {"type": "object", "properties": {"op": {"const": name}}, "required": ["op"]}


def untyped(body: JsonSchemaValue) -> JsonSchemaValue:
    """The schema of a layer of an op in a block: the names and the descriptions of its fields."""
    fields = body["properties"].items()
    described = {name: {key: text for key, text in field.items() if key == "description"} for name, field in fields}
    return {"properties": described, "additionalProperties": False}


def with_derived(name: str, body: JsonSchemaValue) -> JsonSchemaValue:
    """The schema of an op's fields with the values that follow from what a layer reads."""
    op, properties = ops()[name], dict(body["properties"])
    times = {
        "description": "Factor of the maps or units that the layer reads.",
        "type": "number",
        "exclusiveMinimum": 0,
    }
    product = {"properties": {"times": times}, "required": ["times"], "additionalProperties": False}
    # A list of types instead of an `anyOf`, whose error would not name the rule that a wrong value breaks.
    if op.channels_field is not None and properties[op.channels_field].get("type") == "integer":
        properties[op.channels_field] = {**properties[op.channels_field], **product, "type": ["integer", "object"]}
    if op.has_groups():
        properties["groups"] = {**properties["groups"], "type": ["integer", "string"], "pattern": "^each$"}
    return {**body, "properties": properties}
