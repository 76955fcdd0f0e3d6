"""The fields of an op as a table, read off its class: what each takes, what it is when not written, what it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from archc.ops.fields import LARGEST
from archc.ops.op import Op

Schema = dict[str, Any]


@dataclass(frozen=True)
class FieldRow:
    """A field; `default` is None where it must be written, `meaning` is empty where the class has no words for it."""

    name: str
    takes: str
    default: str | None
    meaning: str


def rows(op: type[Op]) -> tuple[FieldRow, ...]:
    """The fields of an op, those that must be written first."""
    schema = op.model_json_schema()
    required = set(schema["required"])
    fields = {name: field for name, field in schema["properties"].items() if name != "op"}
    return tuple(
        FieldRow(
            name=name,
            takes=_takes(field, schema.get("$defs", {})),
            default=None if name in required else as_written(field["default"]),
            meaning=field.get("description", ""),
        )
        for name, field in sorted(fields.items(), key=lambda pair: pair[0] not in required)
    )


def _takes(schema: Schema, named: dict[str, Schema]) -> str:
    """What a JSON Schema allows, in words."""
    if "$ref" in schema:
        return _takes(named[schema["$ref"].rpartition("/")[2]], named)
    if "anyOf" in schema:
        return _choice([_takes(choice, named) for choice in schema["anyOf"] if choice != {"type": "null"}])
    if words := schema.get("enum", [schema["const"]] if "const" in schema else []):
        return _choice([f"`{word}`" for word in words])
    match schema["type"]:
        case "boolean":
            return "`true` or `false`"
        case "array":
            return "[height, width]"  # the only list that an op's field takes
        case "object":
            return _mapping(schema, named)
        case kind:
            return ("whole number" if kind == "integer" else "number") + _range(schema)


def _mapping(schema: Schema, named: dict[str, Schema]) -> str:
    """{all, that, must, stand}, or each that may stand by itself."""
    if required := schema.get("required"):
        return f"{{{', '.join(required)}}}"
    alone = [f"{{{key}: {_takes(value, named)}}}" for key, value in schema.get("properties", {}).items()]
    return _choice(alone) if alone else "{}"


def _range(schema: Schema) -> str:
    words = {"minimum": "from", "exclusiveMinimum": "above", "maximum": "to", "exclusiveMaximum": "below"}
    told = [
        f" {word} {schema[bound]:g}" for bound, word in words.items() if bound in schema and schema[bound] != LARGEST
    ]
    return ",".join(told)


def _choice(words: list[str]) -> str:
    return " or ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else words[0]


def as_written(value: Any) -> str:
    """A value as the language writes it, at its shortest."""
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
    """One number for sides that are all equal."""
    return str(sides[0]) if len(sides) > 1 and len(set(map(str, sides))) == 1 else ""
