"""A study: a small YAML file of runs that are compared, each several times with other seeds.

The descriptions of the fields are what the documentation shows, so each must make sense alone.
"""

from __future__ import annotations

import json
from functools import cache
from hashlib import sha256
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from archc.diagnostics.finding import Finding, in_source_order, report
from archc.language.fields import value_at
from archc.language.reader import MappingNode, YamlNode, plain, read
from archc.language.recipe import Precision
from archc.language.section import Section
from archc.language.spec import Name, Strategy
from archc.language.spec_reading import STUDY
from archc.ops.fields import Count, Positive
from archc.source import Span

Error = Annotated[float, Field(gt=0, lt=1)]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]
Text = Annotated[str, Field(min_length=1)]
Title = Annotated[str, Field(max_length=200)]
WINDOW = 50
"""Batches at the end of a run whose mean is its training loss and error, unless the study says how many."""

Devices = Annotated[Count, Field(le=1024)]


class Training(Section):
    """Options of `archc train` for runs of a study."""

    backend: Text | None = Field(default=None, description="Backend that trains. Default: torch.")
    gpus: Devices | None = Field(default=None, description="Number of devices of a run. Default: the spec's, else 1.")
    parallel: Strategy | None = Field(default=None, description="How devices share the work. Default: the spec's.")
    batch: Count | None = Field(default=None, description="Number of examples per step. Default: the recipe's.")
    lr: Positive | None = Field(default=None, description="Initial learning rate. Default: the recipe's.")
    steps: Count | None = Field(default=None, description="Steps of a run. Default: those of its epochs.")
    epochs: Count | None = Field(default=None, description="Epochs of a run. Default: the recipe's.")
    precision: Precision | None = Field(default=None, description="Precision of the arithmetic. Default: float32.")
    gradient_norms: Count | None = Field(
        default=None,
        description="Steps after which the norm of each layer's gradient is recorded, besides the first step. Default: "
        "it is not recorded.",
    )

    def changed_by(self, other: Training) -> Training:
        """These options, with the other's in their place where it has some. `steps` and `epochs` replace each other."""
        given = {name: value for name, value in other if value is not None}
        limits = dict.fromkeys(LIMITS) if not given.keys().isdisjoint(LIMITS) else {}
        return self.model_copy(update=limits | given)

    def options(self) -> list[str]:
        """The options on the command line."""
        return [word for name, value in self if value is not None for word in (_option(name), f"{value}")]


LIMITS = ("steps", "epochs")
"""Options that limit a run, of which one is given."""


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


class Arm(Section):
    """A spec of the study, which is trained with every seed."""

    spec: Text = Field(description="Path of the spec, from the folder of the study: SPEC or SPEC:VARIANT.")
    train: Training = Field(default=Training(), description="Options that differ from the study's.")


class Reach(Section):
    """A training error whose first time is compared."""

    training_error: Error = Field(description="The share of training examples that are wrong, such as 0.25.")
    window: Count = Field(
        default=WINDOW, description=f"Number of the last batches whose mean it is. Default: {WINDOW}."
    )


class Study(Section):
    """Runs that are compared."""

    schema_: Literal["archc-study/v1"] = Field(alias="schema", description="Always `archc-study/v1`.")
    name: Name = Field(description="Name of the study: a letter, then letters, digits and `_`.")
    title: Title | None = Field(default=None, description="What is compared, as the figure says it.")
    runs: Annotated[dict[Name, Arm], Field(min_length=1)] = Field(
        description="What is compared: a spec for each name. The first one is what the others are compared with."
    )
    seeds: Annotated[list[Seed], Field(min_length=1, max_length=1000)] = Field(
        description="Seeds, with each of which every spec is trained."
    )
    data: Text | None = Field(
        default=None, description="Folder of the data, from that of the study. Default: the built-in pictures."
    )
    train: Training = Field(default=Training(), description="Options of all runs.")
    reach: Reach | None = Field(default=None, description="A training error, and which run reaches it when.")


def read_study(data: bytes, name: str) -> tuple[Study | None, list[Finding]]:
    """The study in a text that findings call `name`; None if it has a mistake."""
    root, findings = read(data, name, kind="study", schema=STUDY)
    if root is None or findings:
        return None, in_source_order(findings)
    if not isinstance(root, MappingNode):
        start = Span(root.span.source, root.span.start, root.span.start + 1)
        return None, [report(start, "ARC104", f"a study must be a mapping that begins with `schema: {STUDY}`")]
    if other := _of_another_kind(root):
        return None, [other]
    try:
        study = Study.model_validate(plain(root))
    except ValidationError as error:
        from archc.language.mistakes.validation import explain  # as for specs, only when there is a mistake

        start = Span(root.span.source, root.span.start, root.span.start)
        return None, in_source_order(explain(error, Study, root.entries, root.keys, start, "the study"))
    found = in_source_order([*_repeated_seeds(study, root), *_two_limits(root), *_unnamed_specs(root)])
    return (None, found) if found else (study, [])


def _of_another_kind(root: MappingNode) -> Finding | None:
    """The finding for a file that is no study: a spec, or something else."""
    schema = root.entries.get("schema")
    if schema is not None and plain(schema) == "archc/v1":
        help = "name it in the `runs` of a study, or train it alone with `archc train`"
        return report(schema.span, "ARC105", "a spec is not a study", help=help)
    if schema is not None or not root.entries.keys().isdisjoint(("runs", "seeds")):
        return None
    start = Span(root.span.source, root.span.start, root.span.start)
    help = f"begin a study with `schema: {STUDY}`, and add `name:`, `runs:` and `seeds:`"
    return report(start, "ARC103", "not a study: it has no `schema`, `runs` or `seeds`", help=help)


def _repeated_seeds(study: Study, root: MappingNode) -> list[Finding]:
    if len({*study.seeds}) == len(study.seeds):
        return []
    twice = next(seed for seed in study.seeds if study.seeds.count(seed) > 1)
    message = f"`seeds` has {twice} twice"
    return [report(root.entries["seeds"].span, "ARC105", message, help="a seed gives the same run: write it once")]


def _two_limits(root: MappingNode) -> list[Finding]:
    """A finding for each `train` with both of the limits."""
    sections = [each.entries.get("train") for each in (root, *_arms(root).values())]
    found: list[Finding] = []
    for section in sections:
        if isinstance(section, MappingNode) and all(_is_given(section.entries.get(name)) for name in LIMITS):
            first, second = sorted((section.keys[name].span for name in LIMITS), key=lambda span: span.start)
            message = "`train` has `steps` and `epochs`: it takes one"
            found.append(report(first, "ARC105", message, help="keep `steps` or `epochs`", related=[(second, "")]))
    return found


def _unnamed_specs(root: MappingNode) -> list[Finding]:
    """A finding for each spec that is standard input, which only one run could read."""
    specs = [spec for arm in _arms(root).values() if plain(spec := arm.entries["spec"]) == "-"]
    return [
        report(spec.span, "ARC105", "`spec` is standard input", help="save the spec, and write the path of its file")
        for spec in specs
    ]


@cache  # each seed of a spec asks for the same
def meaning(spec: bytes) -> str:
    """What the text of a spec says, without its comments and its layout, as a digest."""
    root, _ = read(spec, "")
    return sha256(json.dumps(plain(root)).encode() if root else spec).hexdigest()


def place_of(data: bytes, name: str, *path: str) -> Span:
    """Where the text of a valid study has the value at a path of keys."""
    root, _ = read(data, name)
    assert isinstance(root, MappingNode)
    node = value_at(root.entries, path)
    assert node
    return node.span


def _arms(root: MappingNode) -> dict[str, MappingNode]:
    runs = root.entries["runs"]
    assert isinstance(runs, MappingNode)
    return {name: arm for name, arm in runs.entries.items() if isinstance(arm, MappingNode)}


def _is_given(node: YamlNode | None) -> bool:
    return node is not None and plain(node) is not None
