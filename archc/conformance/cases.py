"""The networks that a backend is tried with: each op with every value of each field, and the specs that archc brings.

A case is the text of a spec, so that what failed can be read, and tried by `archc check`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

from pydantic import ValidationError

from archc.analysis import Facts, analyse
from archc.conformance.field_values import field_values
from archc.language.layout.canonical import canonical
from archc.language.packaged import packaged_specs
from archc.ops import ops
from archc.ops.op import Op, ShapeError
from archc.tensor import Tensor

INPUTS = ([12, 9, 11], [12, 8, 8], [1, 8, 8], [12, 1, 1])
"""Maps that 1 to 4 groups divide, square and not; one map; one place."""
_AROUND = {"input", "vector", "from"}
"""What a choice says of the layer's surroundings; all else are its fields."""
_TRIES = 20

Choice = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """A spec that holds, by a name that says what it tries."""

    name: str
    spec: str

    @cached_property
    def facts(self) -> Facts:
        """What archc knows of it."""
        analysis = analyse(self.spec.encode(), f"{self.name}.yaml")
        assert analysis.facts is not None, f"{self.name} does not hold: {analysis.findings}"
        return analysis.facts

    def __str__(self) -> str:
        return self.name


def cases() -> tuple[Case, ...]:
    """Every case: of each op, and of each spec that comes with archc."""
    return (*(case for name in sorted(ops()) for case in op_cases(name)), *spec_cases(packaged_specs()))


def spec_cases(folder: Path) -> tuple[Case, ...]:
    """A case for each spec in a folder."""
    return tuple(Case(file.stem, file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.yaml")))


@cache
def op_cases(name: str) -> tuple[Case, ...]:
    """Networks around one layer of an op: any two values of two fields that can stand together do so in one of them."""
    op = ops()[name]
    dimensions = {"input": [*INPUTS], "vector": [False, True], "from": _counts(op), **field_values(op)}
    choices = _pairwise(dimensions, lambda choice: _holds(op, name, choice))
    return tuple(
        Case(f"{name}_{number}", _spec(f"{name}_{number}", name, choice)) for number, choice in enumerate(choices)
    )


def _counts(op: type[Op]) -> list[int]:
    """How many inputs the layer reads: as few as it may, and one more where it may."""
    least, most = op.arity
    return [least, least + 1] if most is None or most > least else [least]


def _holds(op: type[Op], name: str, choice: Choice) -> bool:
    """Whether the layer's fields suit each other and what it reads."""
    image = Tensor(tuple(choice["input"]))
    read = Tensor((image.size,)) if choice["vector"] else image
    try:
        op.model_validate(_layer(name, choice)).infer((read,) * choice["from"])
    except (ValidationError, ShapeError):
        return False
    return True


def _layer(name: str, choice: Choice) -> dict[str, Any]:
    """The layer with the fields that are not left out."""
    return {"op": name, **{f: value for f, value in choice.items() if f not in _AROUND and value is not None}}


def _spec(title: str, name: str, choice: Choice) -> str:
    """The text of a choice, laid out as archc does."""
    read = "flat" if choice["vector"] else "image"
    layers: dict[str, Any] = {"flat": {"op": "flatten"}} if choice["vector"] else {}
    reads: dict[str, Any] = {}
    if choice["from"] > 1:
        layers["other"] = {"op": "relu", "from": read}
        reads["from"] = [read, "other", *[read] * (choice["from"] - 2)]
    layers["layer"] = _layer(name, choice) | reads
    spec = {"schema": "archc/v1", "name": title, "input": {"image": choice["input"]}, "layers": layers}
    text, findings = canonical(json.dumps(spec).encode(), title)
    assert text is not None, findings
    return text.decode()


def _pairwise(dimensions: Mapping[str, list[Any]], holds: Callable[[Choice], bool]) -> Iterator[Choice]:
    """Choices that hold, in which every two values of two dimensions meet that meet in any."""
    random = Random(0)
    wanted = dict.fromkeys(
        ((a, i), (b, j))
        for a, b in combinations(dimensions, 2)
        for i in range(len(dimensions[a]))
        for j in range(len(dimensions[b]))
    )
    while wanted:
        pair = next(iter(wanted))
        for _ in range(_TRIES):
            drawn = {name: random.randrange(len(values)) for name, values in dimensions.items()} | dict(pair)
            choice = {name: dimensions[name][place] for name, place in drawn.items()}
            if holds(choice):
                for met in combinations(drawn.items(), 2):
                    wanted.pop(met, None)
                yield choice
                break
        else:
            del wanted[pair]
