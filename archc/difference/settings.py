"""What differs outside of the layers: input, outputs, how the network is placed and trained, what is expected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from archc.analysis import Facts
from archc.difference.pairing import Pairing
from archc.language.field_table import as_written


@dataclass(frozen=True)
class FieldChange:
    """A field by its path, and its value before and after, as a spec would write it; None where there is none."""

    path: str
    before: str | None
    after: str | None


def changed_settings(pairing: Pairing, before: Facts, after: Facts) -> tuple[FieldChange, ...]:
    """All changes outside of the layers; what only follows a layer's new name is none."""
    told = before.spec.train is not None or after.spec.train is not None  # else both have what archc takes by default
    old, new = _settings(before, pairing.new, trained=told), _settings(after, {}, trained=told)
    for settings, names in zip((old, new), _expected_shapes(pairing, before, after), strict=True):
        settings |= {"expect.shapes": _listed(names)} if names else {}
    changes = [FieldChange(path, old.get(path), new.get(path)) for path in {**old, **new}]
    return tuple(change for change in changes if change.before != change.after)


def _settings(facts: Facts, names: dict[str, str], *, trained: bool) -> dict[str, str]:
    """The value of each field by its path; layers are called as in `names`."""
    spec, graph = facts.spec, facts.graph
    settings = {"name": spec.name}
    settings |= {f"input.{name}": f"[{', '.join(map(str, tensor.shape))}]" for name, tensor in graph.inputs.items()}
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
        settings["expect.exchanges"] = _listed(sorted(names.get(name, name) for name in spec.expect.exchanges))
    return settings | _flat("expect", expected)


def _expected_shapes(pairing: Pairing, before: Facts, after: Facts) -> tuple[list[str], list[str]]:
    """The layers of both networks whose shape only the first or only the second expects, by their new names."""
    old = {pairing.new[name]: None for name in before.held.layers if name in pairing.new}
    new = {name: None for name in after.held.layers if name in pairing.old}
    return [name for name in old if name not in new], [name for name in new if name not in old]


def _listed(names: Iterable[str]) -> str:
    return f"[{', '.join(names)}]"


def _flat(path: str, values: dict[str, object]) -> dict[str, str]:
    """The fields of nested sections, each by its whole path."""
    found: dict[str, str] = {}
    for name, value in values.items():
        inside = f"{path}.{name}"
        if isinstance(value, dict):
            found |= _flat(inside, cast(dict[str, object], value))
        else:
            found[inside] = _memory(value) if name.endswith("memory") and isinstance(value, int) else as_written(value)
    return found


def _memory(size: int) -> str:
    """Bytes as a spec writes them."""
    return f"{size >> 30}GiB" if size % 2**30 == 0 else f"{size >> 20}MiB"
