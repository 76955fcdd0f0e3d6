"""A run before it starts: the command line's options checked against the spec, while nothing is written yet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from archc.analysis import Facts
from archc.backend import EmittedSource
from archc.failure import FINDING, USAGE, Failure
from archc.graph import Graph
from archc.language.spec import Precision, Recipe
from archc.run.notes import run_notes
from archc.run.recipe import Overrides, devices_wanted, needs_two, trained_recipe
from archc.tensor import Tensor
from archc.training.job import Job


@dataclass(frozen=True)
class Options:
    """The options of `archc train`; None leaves the choice to the spec or to a default."""

    devices: int | None
    data: Path | None
    overrides: Overrides
    seed: int
    precision: Precision
    timeout: float


@dataclass(frozen=True)
class Setup:
    """A run that can start: everything its job needs, apart from the emitted source and the folder."""

    name: str
    image: tuple[int, int, int]
    """Channels, height and width of an input picture."""
    outputs: int
    devices: int
    recipe: Recipe
    needs_two: str | None
    """A layer that cannot train on one picture per device."""
    options: Options
    notes: tuple[str, ...]
    """How the run differs from its spec, one line for each difference."""

    def job(self, folder: Path, source: EmittedSource) -> Job:
        """The job that trains `source` in `folder`."""
        data = self.options.data
        return Job(
            name=self.name,
            run=folder,
            source=f"{self.name}.py",
            model=source.class_name,
            renamed=source.renamed,
            image=self.image,
            outputs=self.outputs,
            devices=self.devices,
            needs_two=self.needs_two,
            recipe=self.recipe,
            steps=self.options.overrides.steps,
            seed=self.options.seed,
            precision=self.options.precision,
            timeout=self.options.timeout,
            pictures=(data or folder / "pictures").resolve(),
            built_in=data is None,
        )


def check_paths(folder: Path, *, spec: Path, data: Path | None, run: Path | None) -> None:
    """Check the paths of a run in the current `folder`; a Failure names the first that its records cannot contain.

    The records are UTF-8 and contain absolute paths, so the name of each folder above counts as well.
    """
    _check_text("the spec", spec, "rename the spec")
    _check_text("the run", _resolved(folder / (run or "runs")), "choose another folder: `--run DIR`")
    if data is not None:
        _check_text("the pictures", _resolved(folder / data), "rename that folder, or move the pictures")


def _check_text(what: str, path: Path, help: str) -> None:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise Failure(f"the path of {what} is not UTF-8: {path}", help=help, code=USAGE) from None


def _resolved(path: Path) -> Path:
    """The path without links; a Failure if the system refuses to look at it, for any reason but that it is missing."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:
        raise Failure(f"cannot use {path}: {error.strerror}", help="name another folder", code=USAGE) from error
    return path.resolve()


def set_up(facts: Facts, options: Options) -> Setup:
    """Check that the network and the options can be trained; a Failure names the first reason why not."""
    devices = devices_wanted(options.devices, facts)
    recipe = trained_recipe(facts, options.overrides, devices, data=options.data)
    if options.data is not None and not options.data.is_dir():
        help = "`--data` takes a folder of pictures with one folder per class"
        raise Failure(f"{options.data} is not a folder", help=help, code=USAGE)
    # After the options, so that wrong usage (exit 2) is reported before a finding on the spec (exit 1).
    image, outputs = _classifier(facts)
    notes = run_notes(facts, options.overrides, recipe, devices)
    return Setup(facts.graph.name, image, outputs, devices, recipe, needs_two(facts), options, tuple(notes))


def _classifier(facts: Facts) -> tuple[tuple[int, int, int], int]:
    """The shape (C, H, W) of the picture that the network takes, and the number of scores that it returns."""
    graph = facts.graph
    image = _picture(graph)
    outputs = [(name, graph.tensor(name)) for name in graph.outputs]
    if len(outputs) != 1 or not outputs[0][1].is_vector:
        *others, last = (f"{name} ({tensor})" for name, tensor in outputs)
        found = f"{', '.join(others)} and {last}" if others else last
        help = _one_score_per_class(facts)
        message = f"training needs one output with one score per class; `{graph.name}` returns {found}"
        raise Failure(message, help=help, code=FINDING)
    if not facts.counts.parameters:
        raise Failure(f"{graph.name} has no parameters to train", help="add a `dense` layer", code=FINDING)
    return (image.channels, image.height, image.width), outputs[0][1].size


def _picture(graph: Graph) -> Tensor:
    """The only input of the network, which must be pictures: `archc train` loads nothing else yet."""
    (name, x), *others = graph.inputs.items()
    if x.is_maps and not others:
        return x
    found = f"{len(others) + 1} inputs" if others else f"{name}, {x.described}"
    message = f"training needs one input of pictures, [channels, height, width]; `{graph.name}` reads {found}"
    raise Failure(
        message, help="`archc build` writes the network's source, to train with data of your own", code=FINDING
    )


def _one_score_per_class(facts: Facts) -> str:
    """The help for a network that does not return a vector of scores."""
    name, *others = facts.graph.outputs
    output = facts.graph.tensor(name)
    if others or output.is_vector:
        return "end the network in one `dense` layer, with or without `softmax`"
    # A softmax at each place is fused into the loss only if it is the last layer, so it must come after the flatten.
    place = f"before {name}" if name in facts.graph.final_softmaxes else f"after {name}"
    if output.places == 1:
        return f"add a layer `{{op: flatten}}` {place}"
    return f"add `{{op: flatten}}` and a `dense` layer {place}"
