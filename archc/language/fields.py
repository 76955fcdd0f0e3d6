"""The fields of the models: their names, types and kinds, and the place where a mapping of fields is written.

Every check of a spec imports this module, so it knows nothing of misspelt fields or of other frameworks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any, NamedTuple, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from archc.diagnostics.finding import Edit
from archc.language.reader import MappingNode, YamlNode
from archc.language.section import Choice
from archc.ops.foreign import spelled
from archc.ops.initialisation import WeightInit, form
from archc.ops.op import Op
from archc.tensor import Tensor

LONGEST_NAME = 64
NAME = re.compile(rf"[A-Za-z][A-Za-z0-9_]{{0,{LONGEST_NAME - 1}}}\Z", re.ASCII)
"""What an author may call a network, an input or a layer."""

_NO_DOUBTS: Mapping[str, str] = {}
_NO_VALUES: Mapping[str, object] = {}


class Added(NamedTuple):
    """A layer to add after another one: a free name, the edits if they change nothing else, and what reads that one.

    `following` is the layer after it that has the op already.
    """

    name: str
    edits: tuple[Edit, ...]
    readers: tuple[str, ...]
    following: str | None = None


Insert = Callable[[str, str], Added]
"""Adds a layer of an op and a body after this one."""


Others = Callable[[], Iterable[tuple[str, MappingNode]]]
"""Gives mappings with fields of the same layers."""


class Place(NamedTuple):
    """Where an unknown field is written.

    `model` has the fields that are allowed, and `also` are further ones that help does not list. `what` is what
    messages call the whole, and `read` is the shape that the layer reads, if it is known. `insert` adds a layer of an
    op and a body after this one; without it, the place is not a layer. `doubts` have the help for fields that can mean
    something else here, and are not renamed. `others` are the defaults of a layer, or the layers of defaults, with what
    messages call them.
    """

    mapping: MappingNode
    model: type[BaseModel]
    what: str
    also: tuple[str, ...] = ()
    read: Tensor | None = None
    insert: Insert | None = None
    doubts: Mapping[str, str] = _NO_DOUBTS
    others: Others = tuple

    @property
    def allowed(self) -> list[str]:
        """The fields of the model that can be written here; an `op` only in a layer."""
        names = field_names(self.model)
        return names if self.also or not issubclass(self.model, Op) else [name for name in names if name != "op"]


def field_names(model: type[BaseModel] | None) -> list[str]:
    """The fields of a model as a spec writes them; none for no model."""
    return [info.alias or name for name, info in model.model_fields.items()] if model else []


def model_at(model: type[BaseModel] | None, path: Iterable[str]) -> type[BaseModel] | None:
    """The model at a path of fields below another model; None if there is none."""
    steps = iter(path)
    for step in steps:
        info = field_of(model, step)
        model = _model_in(info.annotation) if info else None
        if info and get_origin(info.annotation) is dict:
            next(steps, None)  # a name that the author has given
    return model


def value_at(nodes: Mapping[str, YamlNode], path: Iterable[str]) -> YamlNode | None:
    """The node at a path of keys below some; None if there is none."""
    value: YamlNode | None = None
    for step in path:
        value = nodes.get(step)
        nodes = value.entries if isinstance(value, MappingNode) else {}
    return value


def field_of(model: type[BaseModel] | None, name: str) -> FieldInfo | None:
    """The field that a spec writes as `name`; None if the model has none, or there is no model."""
    return next((i for n, i in model.model_fields.items() if (i.alias or n) == name), None) if model else None


def mistakes_in(model: type[BaseModel], field: str, value: object) -> list[str]:
    """The kinds of pydantic's errors in a value of a field, whatever the other fields; none if the field takes it."""
    try:
        model.model_validate({field: value})
    except ValidationError as error:
        return [detail["type"] for detail in error.errors(include_url=False) if detail["loc"][:1] == (field,)]
    return []


def words_of(model: type[BaseModel] | None, field: str) -> list[str]:
    """The words that a field takes, if it takes words."""
    info = field_of(model, field)
    if info is None:
        return []
    return [
        word
        for part in (info.annotation, *get_args(info.annotation))
        for word in get_args(part)
        if isinstance(word, str)
    ]


def required(model: type[BaseModel]) -> list[str]:
    """The fields of a model that must be written."""
    return [info.alias or name for name, info in model.model_fields.items() if info.is_required()]


def usual_choice(model: type[BaseModel]) -> list[str]:
    """The usual one of the fields of a section, where one of several must be written; none for other models."""
    return [model.one_of[0]] if issubclass(model, Choice) else []


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if annotation is WeightInit:
        return form()
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)


def template(
    model: type[BaseModel] | None, *, given: Container[str] = (), values: Mapping[str, object] = _NO_VALUES
) -> str:
    """The required fields of a model and those with a value, as a spec writes them, unless they are given elsewhere.

    Those without a value have `…`, which only the author knows.
    """
    if model is None:
        return "…"
    leading = ("op", *model.leading) if issubclass(model, Op) else ()
    usual = set[str]() if values else {*usual_choice(model)}
    names = sorted(model.model_fields, key=lambda name: leading.index(name) if name in leading else len(leading))
    fields = [(info.alias or name, info) for name in names for info in [model.model_fields[name]]]
    shown = [
        f"{name}: {spelled(values[name]) if name in values else _to_fill(info)}"
        for name, info in fields
        if name not in given and (name in values or info.is_required() or name in usual)
    ]
    return f"{{{', '.join(shown)}}}"


def _to_fill(info: FieldInfo) -> str:
    words = [word for word in get_args(info.annotation) if isinstance(word, str)]
    return words[0] if len(words) == 1 else template(_model_in(info.annotation))


def declared(model: type[BaseModel], attribute: str) -> Mapping[str, object]:
    """What a class and its bases declare by word; a class takes precedence over its bases."""
    found: dict[str, object] = {}
    for base in reversed(model.__mro__):
        found |= vars(base).get(attribute, {})
    return found
