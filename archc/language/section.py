"""The base of all sections of a spec."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Base of the sections of a spec: fields are strict, closed and frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)
