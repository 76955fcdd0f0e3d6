"""What emitted source says in words, the same for every framework."""

from __future__ import annotations

from archc.backend import Origin
from archc.emit.plan import SourcePlan
from archc.language.spec import Recipe


def document(planned: SourcePlan, origin: Origin, backend: str) -> tuple[str, ...]:
    """The paragraphs at the top of a file: what it is, its figures, where it comes from."""
    image = planned.batch(planned.image_shape)
    outputs = " and ".join(map(planned.batch, planned.output_shapes))
    return (
        f"{planned.title.rstrip('.')}.",
        f"Input {image}, output {outputs}. {planned.parameters:,} parameters, {planned.macs:,} multiply-accumulates an "
        "example. Run this file to check it.",
        f"Emitted by `{origin.command(backend)}`; SHA-256 of {origin.spec}: {origin.sha256}.",
    )


def promise(planned: SourcePlan) -> str:
    """What the network's class gives."""
    if planned.predicts_probabilities:
        return "Logits from a call, class probabilities from `predict`."
    return _from_image(planned)


def probabilities(planned: SourcePlan) -> str:
    """What `predict` gives."""
    return f"Class probabilities: {_from_image(planned)}"


def optimizer(recipe: Recipe) -> str:
    """What `sgd` makes."""
    return "The optimizer of the spec" + (": no bias decays." if recipe.optimizer.sgd.spares_biases else ".")


def _from_image(planned: SourcePlan) -> str:
    return f"{planned.batch(planned.image_shape)} -> {', '.join(map(planned.batch, planned.output_shapes))}."
