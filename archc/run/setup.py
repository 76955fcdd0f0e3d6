"""A run before it starts: the command line's options checked against the spec, while nothing is written yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from archc.analysis import Facts
from archc.arrays.folder import are_arrays
from archc.backend import Backend, EmittedSource
from archc.failure import FINDING, USAGE, Failure
from archc.files import similar
from archc.language.recipe import Precision, Recipe
from archc.language.spec import Strategy
from archc.passes.holding import Layout
from archc.passes.placement import Placement
from archc.run.free_sizes import at_sizes_of_arrays
from archc.run.notes import run_notes
from archc.run.recipe import Overrides, devices_wanted, needs_two, strategy_wanted, trained_recipe
from archc.tensor import Tensor
from archc.training.job import KEEP, TIMEOUT, BadPictures, Job, PlannedStep, Value
from archc.training.norms import GradientNorms

TRIAL_STEPS = 2
"""Steps of a fast dev run. Each is an epoch, so that the test after an epoch takes place, too."""


@dataclass(frozen=True)
class Options:
    """The options of `archc train`; None leaves the choice to the spec or to a default."""

    devices: int | None
    strategy: Strategy | None
    data: Path | None
    overrides: Overrides
    seed: int | None
    precision: Precision | None
    timeout: float | None
    bad_pictures: BadPictures | None = None
    checkpoint_every: int | None = None
    keep: int | None = None
    tensorboard: bool = False
    gradient_norms: int | None = None
    fast_dev_run: bool = False
    overfit_batches: int | None = None


@dataclass(frozen=True)
class Setup:
    """A run that can start: everything its job needs, apart from the emitted source and the folder."""

    name: str
    backend: str
    inputs: dict[str, Value]
    output: tuple[int, ...]
    returns: str
    """The layer that gives the output."""
    layers: tuple[str, ...]
    """The layers that are trained, in the order of the network."""
    form: Literal["pictures", "arrays"]
    devices: int
    strategy: Strategy
    recipe: Recipe
    needs_two: str | None
    """A layer that cannot train on a batch of one picture."""
    options: Options
    notes: tuple[str, ...]
    """How the run differs from its spec, one line for each difference."""

    @property
    def precision(self) -> Precision:
        """The precision of the arithmetic."""
        return self.options.precision or "float32"

    def job(
        self, folder: Path, source: EmittedSource, placement: Placement | None, planned: PlannedStep | None = None
    ) -> Job:
        """The job that trains `source` in `folder`, which was emitted for a placement, or for one device."""
        data, every = self.options.data, self.options.gradient_norms
        layouts: Mapping[str, Layout] = placement.layouts if placement else {}
        return Job(
            name=self.name,
            run=folder,
            source=f"{self.name}.py",
            model=source.class_name,
            renamed=source.renamed,
            inputs=self.inputs,
            output=self.output,
            devices=self.devices,
            strategy=self.strategy,
            reads="own" if all(layouts.get(name, "batch") == "batch" for name in self.inputs) else "all",
            targets="own" if layouts.get(self.returns, "batch") == "batch" else "all",
            needs_two=self.needs_two,
            recipe=self.recipe,
            steps=TRIAL_STEPS if self.options.fast_dev_run else self.options.overrides.steps,
            checkpoint_every=self.options.checkpoint_every,
            keep=self.options.keep or KEEP,
            seed=self.options.seed or 0,
            precision=self.precision,
            timeout=self.options.timeout or TIMEOUT,
            form=self.form,
            pictures=(data or folder / "pictures").resolve(),
            built_in=data is None,
            bad_pictures=self.options.bad_pictures or "stop",
            planned=planned,
            tensorboard=self.options.tensorboard,
            gradient_norms=GradientNorms(every=every, layers=self.layers) if every else None,
            fast_dev_run=self.options.fast_dev_run,
            overfit_batches=self.options.overfit_batches,
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


def set_up(facts: Facts, options: Options, backend: Backend) -> Setup:
    """Check that the network and the options can be trained; a Failure names the first reason why not."""
    _check_trial(options)
    devices = devices_wanted(options.devices, options.strategy, facts)
    strategy = strategy_wanted(options.strategy, devices, facts, backend)
    recipe = trained_recipe(facts, options.overrides, devices, data=options.data)
    if options.data is not None and not options.data.is_dir():
        meant = similar(options.data, Path.is_dir)
        help = "`--data` takes a folder of pictures, one folder per class, or one with train.npz and val.npz"
        help = f"did you mean `--data {meant}`?" if meant else help
        raise Failure(f"{options.data} is not a folder", help=help, code=USAGE)
    # After the options, so that wrong usage (exit 2) is reported before a finding on the spec (exit 1).
    arrays = options.data if options.data is not None and are_arrays(options.data) else None
    facts = at_sizes_of_arrays(facts, arrays.resolve()) if arrays else facts
    output = _output(facts)
    form: Literal["pictures", "arrays"] = "pictures"
    if arrays:
        _check_policy(arrays, options.bad_pictures or "stop")
        form, recipe = "arrays", _recipe_of_arrays(facts, recipe, arrays)
    else:
        _check_pictures(facts, recipe, output, data=options.data)
    return Setup(
        name=facts.graph.name,
        backend=backend.name,
        inputs={name: Value(shape=x.shape, vocabulary=x.vocabulary) for name, x in facts.graph.inputs.items()},
        output=output.shape,
        returns=facts.graph.outputs[0],
        layers=_trained(facts),
        form=form,
        devices=devices,
        strategy=strategy,
        recipe=recipe,
        needs_two=needs_two(facts),
        options=options,
        notes=tuple(run_notes(facts, options.overrides, recipe, devices, strategy, backend.name)),
    )


def _check_trial(options: Options) -> None:
    """Raise a Failure unless at most one option says how much of the data and how many steps a run takes."""
    if not options.fast_dev_run:
        return
    steps = options.overrides.steps
    for name, value in (("steps", None if steps == TRIAL_STEPS else steps), ("epochs", options.overrides.epochs)):
        if value is not None:
            message = f"--fast-dev-run takes {TRIAL_STEPS} steps, and --{name} asks for {value}"
            raise Failure(message, help=f"leave out `--fast-dev-run` or `--{name}`", code=USAGE)
    if options.overfit_batches is not None:
        message = "--fast-dev-run learns nothing in its two steps, and --overfit-batches needs many"
        raise Failure(message, help="use only one of them", code=USAGE)


def _output(facts: Facts) -> Tensor:
    """What the network returns for an example; a Failure if it cannot be trained."""
    graph = facts.graph
    if len(graph.outputs) != 1:
        *others, last = (f"{name} ({graph.tensor(name)})" for name in graph.outputs)
        message = f"training needs one output; `{graph.name}` returns {', '.join(others)} and {last}"
        raise Failure(message, help=_one_score_per_class(facts), code=FINDING)
    if not facts.counts.parameters:
        raise Failure(f"{graph.name} has no parameters to train", help="add a `dense` layer", code=FINDING)
    return graph.tensor(graph.outputs[0])


def _trained(facts: Facts) -> tuple[str, ...]:
    """The layers that have weights, in order."""
    graph = facts.graph
    found = ((node.name, node.op.parameters(graph.tensors(node.inputs))) for node in graph.nodes)
    return tuple(name for name, parameters in found if any(each.trained for each in parameters))


def _check_policy(folder: Path, policy: BadPictures) -> None:
    if policy == "skip":
        message = f"`--bad-pictures skip` is for pictures; {folder} has arrays, of which none is skipped"
        raise Failure(message, help="leave out `--bad-pictures`, or name a folder of pictures", code=USAGE)


def _recipe_of_arrays(facts: Facts, recipe: Recipe, folder: Path) -> Recipe:
    """The recipe without the preparation of pictures, which only the default one may have."""
    if recipe.data is not None and not facts.recipe_is_default:
        message = f"{folder} has arrays, which are read as they are, and `train.data` prepares pictures"
        raise Failure(message, help="delete `data:` from the recipe, or name a folder of pictures", code=FINDING)
    return recipe.model_copy(update={"data": None})


def _check_pictures(facts: Facts, recipe: Recipe, output: Tensor, *, data: Path | None) -> None:
    """Raise a Failure unless the network takes one picture and the recipe trains it to give one score per class."""
    graph = facts.graph
    (name, x), *others = graph.inputs.items()
    arrays = "use `--data DIR` with arrays, train.npz and val.npz: docs/training.md lists what is in them"
    if others or not x.is_maps:
        found = f"{len(others) + 1} inputs" if others else f"{name}, {x.described}"
        message = f"pictures are for one input [channels, height, width]; `{graph.name}` reads {found}"
        raise Failure(message, help=arrays, code=FINDING)
    # The loss of a default recipe follows from the output.
    if not output.is_vector and (facts.recipe_is_default or recipe.loss == "cross_entropy"):
        (found,) = graph.outputs
        message = f"pictures need one output with one score per class; `{graph.name}` returns {found} ({output})"
        raise Failure(message, help=f"{_one_score_per_class(facts)}, or {arrays}", code=FINDING)
    if recipe.loss != "cross_entropy":
        message = f"pictures have one class each, which `loss: {recipe.loss}` does not take"
        raise Failure(message, help=arrays, code=FINDING)
    if recipe.data is None:
        owner = "the built-in data are pictures" if data is None else f"{data} has pictures"
        message = f"{owner}, and the recipe has no `data:` that prepares them"
        height, width = x.height, x.width
        crop = str(height) if height == width else f"[{height}, {width}]"
        usual = f"data: {{resize: {max(height, width)}, crop: {crop}, mirror: false, mean: channel, std: channel}}"
        raise Failure(message, help=f"add `{usual}` to `train:`, or {arrays}", code=FINDING)


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
