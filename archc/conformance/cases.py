"""The networks that a backend is tested on: each op with every value of each field, and the specs that ship with archc.

A case is the text of a spec, so that a failed one can be read, and passed to `archc check`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any, get_args

from pydantic import ValidationError

from archc.analysis import Facts, analyse
from archc.conformance.field_values import field_values
from archc.language.inference import inferred
from archc.language.layout.canonical import canonical
from archc.language.packaged import packaged_specs
from archc.ops import ops
from archc.ops.initialisation import WeightInit
from archc.ops.op import Op
from archc.ops.shape_error import ShapeError
from archc.tensor import Tensor

INPUTS: tuple[Any, ...] = (
    *([12, 9, 11], [12, 8, 8], [1, 8, 8], [12, 1, 1]),
    *([12, 10], [1, 8], [12, 1]),
    {"tokens": [7], "vocabulary": 11},
)
"""Inputs: 12 maps or channels split into 1 to 4 groups. Maps that are not square, square, a single one, of a single
place; sequences, a single one, of a single place; tokens."""
_AROUND = {"input", "vector", "from"}
"""The keys of a choice that describe the layer's surroundings. All other keys are fields of the layer."""
_TRIES = 20
"""How often a pair of values is tried with random other values before it counts as impossible."""

Choice = Mapping[str, Any]
"""A value for each field of the layer, None for a field that is left out, and its surroundings (`_AROUND`)."""


@dataclass(frozen=True)
class Case:
    """A valid spec, and a name for it."""

    name: str
    spec: str

    @cached_property
    def facts(self) -> Facts:
        """The spec's graph, recipe and counts."""
        analysis = analyse(self.spec.encode(), f"{self.name}.yaml")
        assert analysis.facts is not None, f"{self.name} is not valid: {analysis.findings}"
        return analysis.facts

    def __str__(self) -> str:
        return self.name


def cases() -> tuple[Case, ...]:
    """All cases: those of each op, and the specs that ship with archc."""
    return (*(case for name in sorted(ops()) for case in op_cases(name)), *spec_cases(packaged_specs()))


def spec_cases(folder: Path) -> tuple[Case, ...]:
    """A case for each spec in a folder."""
    return tuple(Case(file.stem, file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.yaml")))


@cache
def op_cases(name: str) -> tuple[Case, ...]:
    """Networks around one layer of an op. Any two values of two fields that are valid together meet in one of them.

    The initialisation of weights changes nothing that a layer computes, so each value of it is in one of them.
    """
    op = ops()[name]
    dimensions = {"input": [*INPUTS], "vector": [False, True], "from": _counts(op), **field_values(op)}
    fields = op.model_fields.items()
    alone = [field for field, info in fields if WeightInit in (info.annotation, *get_args(info.annotation))]
    choices = _pairwise(dimensions, alone, lambda choice: _is_valid(op, name, choice))
    return tuple(
        Case(f"{name}_{number}", _spec(f"{name}_{number}", name, choice)) for number, choice in enumerate(choices)
    )


def _counts(op: type[Op]) -> list[int]:
    """The numbers of inputs to test: the fewest that the op takes, and one more if it takes more."""
    least, most = op.arity
    return [least, least + 1] if most is None or most > least else [least]


def _is_valid(op: type[Op], name: str, choice: Choice) -> bool:
    """Whether the layer's fields are valid together and for its inputs."""
    written: Any = choice["input"]
    x = Tensor(tuple(written["tokens"]), written["vocabulary"]) if "tokens" in written else Tensor(tuple(written))
    if x.is_tokens and choice["vector"]:
        return False
    read = Tensor((x.size,)) if choice["vector"] else x
    try:
        inferred(op.model_validate(_layer(name, choice)), (read,) * choice["from"])
    except (ValidationError, ShapeError):
        return False
    return True


def _layer(name: str, choice: Choice) -> dict[str, Any]:
    """The layer as a spec has it, without the fields that are left out."""
    return {"op": name, **{f: value for f, value in choice.items() if f not in _AROUND and value is not None}}


def _spec(title: str, name: str, choice: Choice) -> str:
    """The spec for a choice, in archc's own layout."""
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


def _pairwise(
    dimensions: Mapping[str, list[Any]], alone: Collection[str], is_valid: Callable[[Choice], bool]
) -> Iterator[Choice]:
    """Valid choices in which any two values of two dimensions meet, unless no valid choice has both.

    A value of a dimension that stands `alone` need not meet those of others.

    Trying every combination is out of reach: a convolution alone has more than 100 million.
    """
    random = Random(0)  # the same cases in every run
    valid: list[dict[str, int]] = []
    meeting = [name for name in dimensions if name not in alone]
    wanted: dict[tuple[tuple[str, int], ...], None] = dict.fromkeys(
        ((a, i), (b, j))
        for a, b in combinations(meeting, 2)
        for i in range(len(dimensions[a]))
        for j in range(len(dimensions[b]))
    )
    wanted |= dict.fromkeys(((name, place),) for name in alone for place in range(len(dimensions[name])))
    while wanted:
        pair = next(iter(wanted))
        for _ in range(_TRIES):
            drawn = {name: random.randrange(len(values)) for name, values in dimensions.items()} | dict(pair)
            if len(pair) == 1:  # the other values are known to be valid together
                drawn = random.choice(valid) | dict(pair)
            choice = {name: dimensions[name][place] for name, place in drawn.items()}
            if is_valid(choice):
                for met in (*combinations(drawn.items(), 2), *combinations(drawn.items(), 1)):
                    wanted.pop(met, None)
                valid.append(drawn)
                yield choice
                break
        else:
            del wanted[pair]
