"""Test values for the fields of an op, made from the JSON Schema of its class alone.

An op from another distribution is tested on all of its fields, too, without a list of values to keep up to date.
"""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import JsonSchemaValue

from archc.ops.op import Op

_NUMBERS = (-0.5, 0, 1e-5, 0.5, 1)
_INTEGERS = 4
_PAIRS: dict[str, list[Any]] = {"boolean": [False, True], "string": ["a", "b"]}


def field_values(op: type[Op]) -> dict[str, list[Any]]:
    """Values for each field of an op except `op`. None means that the field is left out."""
    schema = op.model_json_schema()
    definitions, required = schema.get("$defs", {}), schema["required"]
    return {
        name: [*([] if name in required else [None]), *(field.get("examples") or _values(field, definitions))]
        for name, field in schema["properties"].items()
        if name != "op"
    }


def _values(schema: JsonSchemaValue, definitions: JsonSchemaValue) -> list[Any]:
    match schema:
        case {"$ref": name}:
            return _values(definitions[name.rpartition("/")[2]], definitions)
        case {"anyOf": forms}:
            return [value for form in forms for value in _values(form, definitions)]
        case {"const": value}:
            return [value]
        case {"enum": values}:
            return list(values)
        case {"type": "boolean" | "string" as kind}:
            return _PAIRS[kind]
        case {"type": "integer"}:
            return [schema.get("minimum", 0) + n for n in range(_INTEGERS)]
        case {"type": "number"}:
            return [number for number in _NUMBERS if _within(number, schema)]
        case {"type": "array", "items": items, "minItems": length}:
            # Unequal entries, ascending and descending, so that a swapped height and width shows.
            values = _values(items, definitions)
            return [values[1 : 1 + length], values[:length][::-1]]
        case {"type": "object"}:
            return _objects(schema, definitions)
        case _:
            assert schema == {"type": "null"}, f"no test values for {schema}"
            return []


def _within(number: float, schema: JsonSchemaValue) -> bool:
    return schema.get("minimum", number) <= number <= schema.get("maximum", number) and schema.get(
        "exclusiveMinimum", number - 1
    ) < number < schema.get("exclusiveMaximum", number + 1)


def _objects(schema: JsonSchemaValue, definitions: JsonSchemaValue) -> list[Any]:
    """Values of an object: each property alone if the schema takes exactly one of them, all together otherwise."""
    values = {name: _values(field, definitions) for name, field in schema["properties"].items()}
    if schema.get("maxProperties") == 1:
        return [{name: value} for name, known in values.items() for value in known]
    ways = max(map(len, values.values()), default=1)
    return [
        {name: known[(way + place) % len(known)] for place, (name, known) in enumerate(values.items())}
        for way in range(ways)
    ]
