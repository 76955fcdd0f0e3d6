"""A graph as one standalone PyTorch file: the source plan in, the text out. Imports no PyTorch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from archc.backend import EmittedSource, Request
from archc.emit.plan import SourcePlan, plan
from archc.emit.printer import print_module, signature
from archc.emit.prose import document
from archc.emit.self_check import RUN
from archc.emit.snippets import LoadedSnippet, load
from archc.emit.syntax import Function, Import, Main, Module, Name, Snippet, names
from archc.language.recipe import Recipe
from archc_torch import initialisers, ranks
from archc_torch.distribution import rank_part
from archc_torch.layers import TorchLayer, layers_of
from archc_torch.model import Model, model
from archc_torch.order import ordered
from archc_torch.reserved import RESERVED
from archc_torch.starting import initialised
from archc_torch.training import check, has_any_groups, kind, of_recipe

# Definitions that PyTorch lacks, each with its snippet, in the order of the file.
SNIPPETS = {
    "Divided": "counts",
    "Gather": "gather",
    "GatherExamples": "gather_examples",
    "Fetch": "fetch",
    "Pick": "pick",
    "OwnExamples": "own_examples",
    "Alike": "alike",
    "Summed": "summed",
    "SharedDropout": "shared_dropout",
    "SharedStochasticDepth": "shared_stochastic_depth",
    "SharedBatchNorm": "shared_batch_norm",
    "AvgPool": "avg_pool",
    "PaddedAvgPool1d": "padded_avg_pool1d",
    "CutConvTranspose1d": "cut_conv_transpose1d",
    "CutConvTranspose2d": "cut_conv_transpose",
    "LRN": "lrn",
    "SpatialLRN": "spatial_lrn",
    "LayerNorm2d": "layer_norm2d",
    "RMSNorm2d": "rms_norm2d",
    "unscaled": "unscaled",
    "Normalize": "normalize",
    "Scale": "scale",
    "StochasticDepth": "stochastic_depth",
    "Attention": "attention",
    "CrossAttention": "cross_attention",
    "LSTM": "lstm",
    "GRU": "gru",
    "ClassToken": "class_token",
    "Positions": "positions",
    "Sinusoids": "sinusoids",
    "named": "named",
    "evaluate": "evaluate",
    "evaluate_on": "evaluate_on",
    **initialisers.SNIPPETS,
    "MomentumSGD": "momentum_sgd",
    "KerasSGD": "keras_sgd",
    "axis": "axis",
    "column": "column",
    "is_summed": "is_summed",
    "over_ranks": "over_ranks",
    "averaged": "averaged",
    "on_ranks": "on_ranks",
}


_USUAL = "nn.Conv2d | nn.Linear"
"""The modules that the snippets for initialisation take."""
_HEAD = re.compile(r"\s*def (\w+)\((.*?)\) -> None:", re.DOTALL)


def emit(request: Request) -> EmittedSource:
    """Source whose class has the graph's layers as modules of their own names, followed by how a recipe trains it.

    With a placement, the class is the part of one rank, as each device is called.
    """
    planned, recipe, placement = ordered(plan(request, RESERVED)), request.recipe, request.placement
    if placement is None:
        layers = layers_of(planned)
        title = document(planned, request.origin, "torch")
        made = model(planned, layers, loads=recipe is not None and planned.parameters > 0)
        return _source(planned, made, layers, recipe, title, (check(planned, recipe), RUN))
    own = rank_part(planned, placement)
    made = model(own.planned, own.layers)
    held = ranks.weights(planned, made.paths, placement)
    wraps = bool(planned.parameters) and not held.are_apart
    uses = ["on_ranks", *([] if held.are_shared else ["column"])]
    if wraps:
        uses.append("averaged" if held.are_shared and not own.whole_outputs else "over_ranks")
    return _source(
        own.planned,
        made,
        own.layers,
        recipe,
        ranks.document(planned, own, placement, request.origin),
        (ranks.check(own, recipe, wraps=wraps), ranks.run(own)),
        (*ranks.functions(held), ranks.build(planned, held)),
        uses,
        has_parts=not held.are_shared,
    )


def _source(
    planned: SourcePlan,
    made: Model,
    layers: Mapping[str, TorchLayer],
    recipe: Recipe | None,
    doc: tuple[str, ...],
    last: tuple[Function | Main, ...],
    functions: tuple[Function, ...] = (),
    uses: Sequence[str] = (),
    *,
    has_parts: bool = False,
) -> EmittedSource:
    """The file: imports, the network's class, the snippets that are used, the recipe, and the check.

    `functions` are of its weights, and `uses` the names of further snippets.
    """
    recipe = recipe if planned.parameters else None
    recipe_functions = () if recipe is None else tuple(of_recipe(planned, recipe, has_parts=has_parts))
    uses = (*uses, *(() if recipe is None else (kind(recipe),)))
    snippets = list(_snippets(planned, made, layers, uses, {function.name for function in functions}))
    module = Module(
        doc=doc,
        imports=(*_imports(made, recipe), *(found for snippet in snippets for found in snippet.imports)),
        body=(*made.classes, *(snippet.snippet for snippet in snippets), *functions, *recipe_functions, *last),
    )
    return EmittedSource(print_module(module), planned.class_name, _renamed(planned, made))


def _renamed(planned: SourcePlan, made: Model) -> dict[str, str]:
    """The layers that are called otherwise in the model, and the input."""
    if not planned.has_blocks:
        return planned.renamed
    own = {step.node.name: made.paths[step.identifier] for step in planned.steps if step.path is None}
    inputs = {name: identifier for name, identifier in planned.renamed.items() if identifier in planned.inputs}
    return inputs | {name: path for name, path in own.items() if name != path}


def _snippets(
    planned: SourcePlan, made: Model, layers: Mapping[str, TorchLayer], uses: Iterable[str], defined: set[str]
) -> Iterator[LoadedSnippet]:
    """The snippets that the network or `uses` name, and those that these need; not what the file defines itself."""
    used = {name for layer in layers.values() for name in _called(layer)}
    used |= made.starts | made.called
    used |= set(map(Name, uses))
    if planned.predicts_probabilities:
        used.add(Name("evaluate" if len(planned.inputs) == 1 else "evaluate_on"))
    waiting = [name for name in SNIPPETS if Name(name) in used]
    found: dict[str, LoadedSnippet] = {}
    while waiting:
        name = waiting.pop()
        if name not in found and name not in defined:
            found[name] = load("archc_torch.snippets", SNIPPETS[name])
            waiting += found[name].needs
    kinds = initialised(planned, layers)
    return (_typed(found[name], kinds) for name in SNIPPETS if name in found)


def _typed(snippet: LoadedSnippet, kinds: set[str]) -> LoadedSnippet:
    """The snippet with the classes of the modules that it initialises, if the network has others than the usual two."""
    text = snippet.snippet.text
    head = _HEAD.match(text)
    if kinds <= {*_USUAL.split(" | ")} or head is None or _USUAL not in head[2]:
        return snippet
    parameters = tuple(head[2].replace(_USUAL, " | ".join(sorted(kinds))).replace(",\n", ", ").split(", "))
    parameters = tuple(" ".join(parameter.split()) for parameter in parameters if parameter.strip())
    lines = signature(Function(head[1], parameters, "None", ()))
    return replace(snippet, snippet=Snippet("\n".join(lines) + text[head.end() :]))


def _called(layer: TorchLayer) -> set[Name]:
    """The names in a layer's source, without its inputs, which may have the name of a snippet's function."""
    values = (*layer.modules.values(), *(() if layer.expression is None else (layer.expression,)))
    return {name for value in values for name in names(value)} - set(map(Name, layer.step.reads))


def _imports(made: Model, recipe: Recipe | None) -> Iterator[Import]:
    yield Import("torch")
    yield Import("torch", ("nn",))
    if made.is_ordered:
        yield Import("collections", ("OrderedDict",))
    if made.has_forward or (recipe is not None and (recipe.label_smoothing or recipe.clip)):
        yield Import("torch", ("Tensor",))
    if made.loads:
        yield Import("typing", ("Self",))
    if recipe is not None and has_any_groups(recipe):
        yield Import("typing", ("Any",))
    if recipe is not None and recipe.schedule is not None:
        if recipe.schedule.on_plateau is not None:
            yield Import("torch.optim.lr_scheduler", ("ReduceLROnPlateau",))
        if recipe.schedule.cosine is not None:
            yield Import("math")
