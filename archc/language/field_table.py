"""Builds the table of an op's fields from its class: the values that each takes, its default and its meaning."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from archc.ops.fields import LARGEST, LARGEST_FLOAT, SMALLEST_FLOAT
from archc.ops.initialisation import WeightInit
from archc.ops.op import Op

Schema = dict[str, Any]

# The ends of what a computer's numbers can be would only distract in a table.
_TECHNICAL = (LARGEST, -LARGEST_FLOAT, SMALLEST_FLOAT, LARGEST_FLOAT)


@dataclass(frozen=True)
class FieldRow:
    """A field of an op. `default` is None for a required field; `meaning` is empty if the class has no description."""

    name: str
    takes: str
    default: str | None
    meaning: str


def rows(op: type[Op]) -> tuple[FieldRow, ...]:
    """The fields of an op, required ones first."""
    schema = op.model_json_schema()
    required = set(schema["required"])
    fields = {name: field for name, field in schema["properties"].items() if name != "op"}
    for name, field in op.model_fields.items():
        if isinstance(field.default, WeightInit):
            fields[name]["default"] = field.default.written()
    return tuple(
        FieldRow(
            name=name,
            takes=takes(field, schema.get("$defs", {})),
            default=None if name in required else as_written(field["default"]),
            meaning=field.get("description", ""),
        )
        for name, field in sorted(fields.items(), key=lambda pair: pair[0] not in required)
    )


def takes(schema: Schema, named: dict[str, Schema], listed: Collection[str] = ()) -> str:
    """The values that a JSON Schema allows, in words; `listed` are words of which no mapping needs to be shown."""
    if "$ref" in schema:
        return takes(named[schema["$ref"].rpartition("/")[2]], named, listed)
    if "$comment" in schema:
        return schema["$comment"]
    if "anyOf" in schema:
        choices = [choice for choice in schema["anyOf"] if choice != {"type": "null"}]
        # A word that can also be the key of a mapping with options is listed once.
        listed = [word for choice in choices for word in choice.get("enum", ())]
        return _choice([takes(choice, named, listed) for choice in choices])
    if words := schema.get("enum", [schema["const"]] if "const" in schema else []):
        return _choice([f"`{word}`" for word in words])
    match schema["type"]:
        case "boolean":
            return "`true` or `false`"
        case "array":
            return "[height, width]" if "maxItems" in schema else "a list of them"
        case "object":
            return _mapping(schema, named, listed)
        case "string":
            return "text"
        case kind:
            return ("whole number" if kind == "integer" else "number") + _range(schema)


def _mapping(schema: Schema, named: dict[str, Schema], listed: Collection[str]) -> str:
    """`{a, b}` if both keys are required, else `{a: …} or {b: …}`: a mapping of optional keys takes one of them."""
    if required := schema.get("required"):
        return f"{{{', '.join(required)}}}"
    fields = {key: value for key, value in schema.get("properties", {}).items() if key not in listed}
    alone = [f"{{{key}: {takes(value, named)}}}" for key, value in fields.items()]
    return _choice(alone) if alone else "{}"


def _range(schema: Schema) -> str:
    words = {"minimum": "from", "exclusiveMinimum": "above", "maximum": "to", "exclusiveMaximum": "below"}
    bounds = {bound: word for bound, word in words.items() if bound in schema and schema[bound] not in _TECHNICAL}
    return ",".join(f" {word} {schema[bound]:g}" for bound, word in bounds.items())


def _choice(words: list[str]) -> str:
    if any(" or " in word for word in words):
        return "; or ".join(words)
    return " or ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else words[0]


def as_written(value: Any) -> str:
    """A value as written in a spec, in its shortest form."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list):
        return _shortest(value) or str(value)  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, dict):
        parts: dict[str, Any] = {key: part for key, part in value.items() if part is not None}  # pyright: ignore[reportUnknownVariableType]
        return _shortest([*parts.values()]) or f"{{{', '.join(f'{k}: {as_written(v)}' for k, v in parts.items())}}}"
    return str(value)


def _shortest(sides: list[Any]) -> str:
    """A single number if there are several sides and all are equal, else an empty string."""
    return str(sides[0]) if len(sides) > 1 and len(set(map(str, sides))) == 1 else ""
