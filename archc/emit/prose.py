"""The docstrings of emitted source, which are the same for every framework."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from archc.backend import Origin
from archc.emit.alignment import Variant
from archc.emit.inline import escaped
from archc.emit.plan import SourcePlan
from archc.emit.printer import WIDTH
from archc.language.optimizers import SGD_RULES, SgdRule, spares_biases
from archc.language.recipe import Recipe

LOADED = "The network with the weights of a safetensors file"
"""What `load` returns."""

_WIDTH = WIDTH - len('""""""')
"""The width of a docstring."""


def document(planned: SourcePlan, origin: Origin, backend: str) -> tuple[str, ...]:
    """The paragraphs of the module docstring: the network's title, its shapes and sizes, and the file's origin."""
    return (
        *summary(planned, planned.title.rstrip(".")),
        f"{shapes(planned)}. {planned.parameters:,} parameters, {planned.macs:,} multiply-accumulates per example. Run "
        "this file to check it.",
        emitted_by(origin, origin.command(backend)),
    )


def summary(planned: SourcePlan, title: str) -> tuple[str, ...]:
    """The title as the first paragraph; below the network's name if it is too long for the one line of a summary."""
    fits = len(escaped(title)) + len('"""."""') <= WIDTH
    return (f"{title}.",) if fits else (f"{planned.class_name}.", f"{title}.")


def emitted_by(origin: Origin, command: str) -> str:
    """The command that emits the file, and the hash of the spec that it comes from."""
    named = f"{origin.spec}: {origin.sha256}."
    whose = origin.spec if len(named) <= _WIDTH else "the spec"
    return f"Emitted by `{command}`; SHA-256 of {whose}: {origin.sha256}."


def shapes(planned: SourcePlan) -> str:
    """The shapes of the network's input and outputs."""
    output = "output" if len(planned.output_shapes) == 1 else "outputs"
    outputs = ", ".join(map(planned.batch, planned.output_shapes))
    if len(planned.inputs) == 1:
        return f"Input {planned.batch(planned.image_shape)}, {output} {outputs}"
    inputs = ", ".join(f"{name} {planned.batch(x)}" for name, x in planned.inputs.items())
    return f"Inputs {inputs}, {output} {outputs}"


def promise(planned: SourcePlan) -> str:
    """The docstring of the network's class."""
    if planned.predicts_probabilities:
        what = "class probabilities" if planned.loss == "cross_entropy" else "probabilities"
        return f"Calling the model returns logits; `predict` returns {what}."
    return _from_image(planned, 4)


def block(variant: Variant) -> str:
    """The docstring of a block's class."""
    first, *others = (use.part.path for use in variant.uses)
    where = first if not others else f"{first} and {len(others)} more"
    line = f"The spec's block {variant.block}, used as {where}."
    fits = len(line) + len('    """"""') <= WIDTH
    return line if fits or not others else f"The spec's block {variant.block}, used {len(variant.uses)} times."


def fewer(comments: Sequence[str | None]) -> list[str | None]:
    """The comments, of which neighbours that are equal are one, beside the last of them."""
    return [None if comment == after else comment for comment, after in pairwise((*comments, None))]


def probabilities(planned: SourcePlan) -> str:
    """The docstring of `predict`."""
    what = "Class probabilities" if planned.loss == "cross_entropy" else "Probabilities"
    return _from_image(planned, 8, f"{what}: ")


def optimizer(recipe: Recipe) -> str:
    """The docstring of `sgd`, or of another optimizer."""
    rule = recipe.optimizer.rule
    if rule.bias_lr_factor == 1:
        return "The spec's optimizer" + (", with no weight decay on biases." if spares_biases(rule) else ".")
    decay = ", and no weight decay" if spares_biases(rule) else ""
    return f"The spec's optimizer; biases have {rule.bias_lr_factor:g} times its rate{decay}."


_WHOSE: dict[SgdRule, str] = {"paper": "The paper's", "pytorch": "PyTorch's", "keras": "Keras'"}


def formula(rule: SgdRule) -> str:
    """The paragraph on the rule of `sgd`, for an optimizer whose class is not in the file."""
    return f"{_WHOSE[rule]} rule: {SGD_RULES[rule]}."


def _from_image(planned: SourcePlan, indent: int, what: str = "") -> str:
    """The shapes of the inputs and the outputs, or how many there are: the summary of a docstring is one line."""
    inputs, outputs = ([*map(planned.batch, each)] for each in (planned.inputs.values(), planned.output_shapes))
    line = f"{what}{', '.join(inputs)} -> {', '.join(outputs)}."
    if indent + len(line) <= _WIDTH:
        return line
    line = f"{what}{', '.join(inputs)} -> {_counted(outputs, 'output')}."
    if indent + len(line) <= _WIDTH:
        return line
    return f"{what}{_counted(inputs, 'input')} -> {_counted(outputs, 'output')}."


def _counted(each: Sequence[str], word: str) -> str:
    return each[0] if len(each) == 1 else f"{len(each)} {word}s"
