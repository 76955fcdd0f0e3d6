"""A graph as one standalone PyTorch file: the source plan in, the text out. Imports no PyTorch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from archc.backend import Origin, Source, every
from archc.emit.plan import SourcePlan, plan
from archc.emit.printer import print_module
from archc.emit.prose import document
from archc.emit.self_check import RUN
from archc.emit.snippets import LoadedSnippet, load
from archc.emit.syntax import Import, Module, Name
from archc.graph import Graph
from archc.passes.placement import Placement
from archc.spec import Recipe
from archc_torch.layers import Layer, layer
from archc_torch.model import model
from archc_torch.reserved import RESERVED
from archc_torch.training import check, plateau, sgd

# What PyTorch lacks, and the snippet that defines each, in the order of the file.
SNIPPETS = {
    "LRN": "lrn",
    "SpatialLRN": "spatial_lrn",
    "normal": "normal",
    "he_normal": "he_normal",
    "MomentumSGD": "momentum_sgd",
}


def emit(graph: Graph, recipe: Recipe, placement: Placement | None, origin: Origin) -> Source:
    """Source whose class holds the graph's layers as modules of their own names; how it trains stands below.

    `placement` is for strategies that split the network; data parallelism needs nothing of it.
    """
    planned = plan(graph, recipe, RESERVED)
    layers = every(planned.steps, partial(layer, planned))
    snippets = list(_snippets(planned, layers))
    recipe_functions = (sgd(planned, recipe), *plateau(recipe)) if planned.parameters else ()
    module = Module(
        doc=document(planned, origin, "torch"),
        imports=(*_imports(planned, recipe), *(found for snippet in snippets for found in snippet.imports)),
        body=(
            model(planned, layers),
            *(snippet.snippet for snippet in snippets),
            *recipe_functions,
            check(planned),
            RUN,
        ),
    )
    return Source(print_module(module), planned.class_name, planned.renamed)


def _snippets(planned: SourcePlan, layers: Iterable[Layer]) -> Iterator[LoadedSnippet]:
    used = {module.function for layer in layers for module in layer.modules.values()}
    used |= {Name("normal" if start.weights.normal else "he_normal") for start in planned.initialisations}
    if planned.parameters:
        used.add(Name("MomentumSGD"))
    return (load("archc_torch.snippets", file) for name, file in SNIPPETS.items() if Name(name) in used)


def _imports(planned: SourcePlan, recipe: Recipe) -> Iterator[Import]:
    yield Import("torch")
    yield Import("torch", ("nn",))
    if planned.is_chain:
        yield Import("collections", ("OrderedDict",))
    if planned.predicts_probabilities or not planned.is_chain:
        yield Import("torch", ("Tensor",))
    if planned.parameters and recipe.schedule is not None:
        yield Import("torch.optim.lr_scheduler", ("ReduceLROnPlateau",))
