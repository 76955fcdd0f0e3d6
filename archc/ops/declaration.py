"""What a class must declare to be an op; archc checks it once, before it uses an op of another distribution."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

from pydantic import BaseModel

from archc.ops.fields import Margins, Size
from archc.ops.foreign import Conversion, Needless
from archc.ops.initialisation import WeightInit
from archc.ops.op import Op, name_of
from archc.ops.sides import Sides

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
# YAML reads these as values, so no spec could name such an op.
_KEYWORDS = {"true", "false", "null"}
_PHRASES = ("shape_rule", "element_ops_words", "kept_words")
_SPECS = ("failing", "corrected")
_CHOICES: dict[str, tuple[object, ...]] = {
    "output_sign": ("nonnegative", "kept", "any"),
    "normalises": ("neighbours", "batch", "map", "example", None),
    "autocast": ("narrow", "wide", None),
    "keeps_shape": (True, False),
    "is_activation": (True, False),
    "is_linear": (True, False),
    "keeps_zeros": (True, False),
    "gives_probabilities": (True, False),
    "commutes": (True, False),
    "folds": (True, False),
}
_OF_EVERY_LAYER = {"from", "expect"}
# A value of a field must be hashable, and readable from YAML in strict mode: a list or a mapping is neither or one.
_TYPES = {bool, int, float, str, NoneType, Size, Margins, Sides, WeightInit}


def fault(op: object, name: str) -> str | None:
    """What is wrong with the declaration of the op `name`, as the end of a sentence; None if nothing is."""
    if not _NAME.match(name) or name in _KEYWORDS:
        return "has a name that no spec can write: a name is a lower-case letter, then letters, digits and `_`"
    if not isinstance(op, type) or not issubclass(op, Op):
        return "is not a subclass of Op"
    if name_of(op) != name or not op.model_fields["op"].is_required():
        return f'does not declare `op: Literal["{name}"]`'
    if missing := sorted(op.__abstractmethods__):
        return f"does not implement {', '.join(missing)}"
    checks = (_fault_of_texts, _fault_of_names, _fault_of_foreign, _fault_of_traits, _fault_of_fields)
    return next((reason for check in checks if (reason := check(op))), None)


def _fault_of_texts(op: type[Op]) -> str | None:
    absent = [text for text in (*_PHRASES, *_SPECS) if not _is_text(getattr(op, text, None))]
    if absent:
        return f"does not declare {', '.join(absent)}"
    if not _is_text(op.__doc__) or op.__doc__ == op.__base__.__doc__:
        return "has no docstring"
    broken = [text for text in _PHRASES if " ".join(getattr(op, text).split()) != getattr(op, text)]
    return f"declares more than one line as {', '.join(broken)}" if broken else None


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _fault_of_names(op: type[Op]) -> str | None:
    others = cast(object, op.other_field_names)
    if not isinstance(others, Mapping):
        return "declares `other_field_names` that are not a mapping"
    declared: Iterable[object] = (
        op.other_names,
        op.loose_names,
        op.reads_before,
        op.leading,
        *cast(Mapping[str, object], others).values(),
    )
    for names in declared:
        if not isinstance(names, tuple) or not all(map(_is_text, cast(tuple[object, ...], names))):
            return f"declares {names!r} where a tuple of names is needed"
    return None


def _fault_of_foreign(op: type[Op]) -> str | None:
    """What is wrong with the declarations of other frameworks' fields and values."""
    needless, values, conversions = (
        cast(object, declared) for declared in (op.needless, op.other_values, op.conversions)
    )
    if not isinstance(needless, Mapping) or not _maps(cast(Mapping[object, object], needless), Needless):
        return "declares `needless` that is not a mapping of words to Needless"
    if not isinstance(values, Mapping) or not _maps(cast(Mapping[object, object], values), Mapping):
        return "declares `other_values` that are not a mapping of fields to mappings"
    excluded = cast(object, op.excluded)
    if not isinstance(excluded, Mapping) or not all(map(callable, cast(Mapping[object, object], excluded).values())):
        return "declares `excluded` that is not a mapping of words to functions"
    if not isinstance(conversions, tuple) or not all(map(_converts, cast(tuple[object, ...], conversions))):
        return "declares `conversions` that are not a tuple of Conversion"
    return None


def _maps(declared: Mapping[object, object], kind: type) -> bool:
    return all(_is_text(word) and isinstance(value, kind) for word, value in declared.items())


def _converts(conversion: object) -> bool:
    return isinstance(conversion, Conversion) and bool(conversion.reads) and callable(conversion.convert)


def _fault_of_traits(op: type[Op]) -> str | None:
    for trait, choices in _CHOICES.items():
        if getattr(op, trait) not in choices:
            return f"declares {getattr(op, trait)!r} as `{trait}`, which is one of {', '.join(map(repr, choices))}"
    arity: object = op.arity
    match arity:
        case (int(least), None) if least > 0:
            pass
        case (int(least), int(most)) if 0 < least <= most:
            pass
        case _:
            return f"declares the arity {arity!r}, which is not (fewest, most)"
    if op.channels_field is not None and op.channels_field not in op.model_fields:
        return f"declares `{op.channels_field}` as `channels_field`, which is none of its fields"
    return None


def _fault_of_fields(op: type[Op]) -> str | None:
    config = op.model_config
    if config.get("extra") != "forbid" or not config.get("strict") or not config.get("frozen"):
        return "changes `extra`, `strict` or `frozen` of Op, so that mistakes in its fields would be missed"
    try:
        op.model_json_schema()
    except Exception as error:  # pydantic raises errors of many kinds for a type that it cannot describe
        return f"has fields whose schema pydantic cannot write: {type(error).__name__}"
    for name, field in op.model_fields.items():
        written = field.alias or name
        if written in _OF_EVERY_LAYER:
            return f"has a field `{written}`, which every layer has already"
        if name != "op" and not field.description:
            return f"has a field `{written}` without a description"
        if field.default_factory is not None or field.validation_alias not in (None, field.alias):
            return (
                f"has a field `{written}` with a `default_factory` or a `validation_alias`; use `default` and `alias`"
            )
        if not _is_usable(field.annotation):
            return f"has a field `{written}` of a type that no field of an op can have; docs/ops.md lists the types"
    return None


def _is_usable(annotation: Any) -> bool:
    origin = get_origin(annotation)
    if origin is Literal:
        return True
    if origin is Annotated:
        return _is_usable(get_args(annotation)[0])
    if origin is tuple:
        kind, *others = get_args(annotation)
        return others == [...] and _is_usable(kind)
    if origin in (Union, UnionType):
        return _are_usable(get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        is_frozen = bool(annotation.model_config.get("frozen"))
        return is_frozen and _are_usable(field.annotation for field in annotation.model_fields.values())
    return annotation in _TYPES


def _are_usable(annotations: Iterable[Any]) -> bool:
    return all(map(_is_usable, annotations))
