"""The base of all sections of a spec."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import (
    BaseModel,
    ConfigDict,
    GetJsonSchemaHandler,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError


class Section(BaseModel):
    """Base of the sections of a spec: fields are strict, closed and frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


class Choice(Section):
    """A section with one of several fields, such as one optimizer of all. Fields that are not written are None."""

    one_of: ClassVar[tuple[str, ...]]
    """The fields of which one is written. The first is the usual one, which help shows where any may be meant."""
    beside: ClassVar[tuple[str, ...]] = ()
    """Fields that may be written beside it, or without it."""

    @property
    def chosen(self) -> str | None:
        """The one that is written."""
        return next((name for name in self.one_of if getattr(self, name) is not None), None)

    @model_validator(mode="after")
    def _has_one(self) -> Choice:
        written = [name for name in self.one_of if name in self.model_fields_set]
        known = [name for name in self.model_fields_set if getattr(self, name) is not None]
        if len(written) > 1 or len(known) < max(len(self.model_fields_set), 1):
            raise PydanticCustomError("choice", "must have one of its fields", {"written": written})
        return self

    @model_serializer(mode="wrap")
    def _only_written(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in dump(self).items() if value is not None}

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        made = handler(core)
        body = handler.resolve_ref_schema(made)
        body["minProperties"], body["maxProperties"] = 1, 1 + len(cls.beside)
        for name, field in body["properties"].items():
            forms = [form for form in field.get("anyOf", ()) if form != {"type": "null"}]
            if len(forms) == 1:  # a field may be absent, and not empty
                del field["anyOf"]
                body["properties"][name] = forms[0] | field
            elif isinstance(field.get("type"), list):
                field["type"] = field["type"][0]
        return made
