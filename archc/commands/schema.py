"""archc schema: the language as editors read it."""

from __future__ import annotations

import json

import typer

from archc.schema import json_schema


def schema() -> None:
    """Print the JSON Schema of archc/v1: completion, hover texts and errors in editors."""
    typer.echo(json.dumps(json_schema(), indent=2))
