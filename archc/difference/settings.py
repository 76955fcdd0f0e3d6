"""The differences outside the layers: name, input, outputs, placement, recipe and expectations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from archc.analysis import Facts
from archc.difference.pairing import Pairing
from archc.language.field_table import as_written

# Not a field of a spec: the layers with an `expect` of their own.
_SHAPES = "expect.shapes"


@dataclass(frozen=True)
class FieldChange:
    """A field by its path, with its value before and after as YAML. None: the field is absent."""

    path: str
    before: str | None
    after: str | None


def changed_settings(pairing: Pairing, before: Facts, after: Facts) -> tuple[FieldChange, ...]:
    """The changes outside the layers. A changed name of a layer is not counted where the layer is referenced."""
    trained = before.spec.train is not None or after.spec.train is not None  # else both have archc's default recipe
    old, new = _settings(before, pairing.new, trained=trained), _settings(after, {}, trained=trained)
    for settings, names in zip((old, new), _expected_shapes(pairing, before, after), strict=True):
        settings |= {_SHAPES: _listed(names)} if names else {}
    # What a section with an error would be is not known.
    unread = before.unread | after.unread
    paths = [path for path in {**old, **new} if path.partition(".")[0] not in unread or path == _SHAPES]
    changes = [FieldChange(path, old.get(path), new.get(path)) for path in paths]
    return tuple(change for change in changes if change.before != change.after)


def _settings(facts: Facts, names: dict[str, str], *, trained: bool) -> dict[str, str]:
    """The value of each field, by its path. Layers are renamed according to `names`."""
    spec, graph = facts.spec, facts.graph
    settings = {"name": spec.name}
    settings |= {f"input.{name}": tensor.written for name, tensor in graph.inputs.items()}
    settings["outputs"] = _listed(names.get(name, name) for name in graph.outputs)
    if spec.parallel is not None:
        parallel = spec.parallel.model_dump(mode="json", exclude_none=True)
        overrides: dict[str, str] = parallel.pop("layers")
        settings |= _flat("parallel", parallel)
        settings |= {f"parallel.layers.{names.get(name, name)}": how for name, how in overrides.items()}
    if trained:
        settings |= _flat("train", facts.recipe.model_dump(mode="json", exclude_none=True))
    expected = spec.expect.model_dump(mode="json", exclude_none=True, exclude={"exchanges"})
    if spec.expect.exchanges is not None:
        # The order in which a spec lists exchanges does not matter.
        settings["expect.exchanges"] = _listed(sorted(names.get(name, name) for name in spec.expect.exchanges))
    return settings | _flat("expect", expected)


def _expected_shapes(pairing: Pairing, before: Facts, after: Facts) -> tuple[list[str], list[str]]:
    """The layers in both networks whose shape only the first expects, and those of only the second, by new name."""
    old = {pairing.new[n.name]: None for n in before.graph.nodes if n.expected and n.name in pairing.new}
    new = {n.name: None for n in after.graph.nodes if n.expected and n.name in pairing.old}
    return [name for name in old if name not in new], [name for name in new if name not in old]


def _listed(names: Iterable[str]) -> str:
    return f"[{', '.join(names)}]"


def _flat(path: str, values: dict[str, object]) -> dict[str, str]:
    """The fields of nested sections by their full paths."""
    found: dict[str, str] = {}
    for name, value in values.items():
        inside = f"{path}.{name}"
        if isinstance(value, dict):
            found |= _flat(inside, cast(dict[str, object], value))
        else:
            found[inside] = _memory(value) if name.endswith("memory") and isinstance(value, int) else as_written(value)
    return found


def _memory(size: int) -> str:
    """A number of bytes as a spec writes it."""
    return f"{size >> 30}GiB" if size % 2**30 == 0 else f"{size >> 20}MiB"
