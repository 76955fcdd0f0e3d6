"""Checks of what a backend emits for a case.

The source is the same each time and contains the spec's hash. Unsupported layers are layers of the network. Names and
strings from a spec cannot become code.
"""

from __future__ import annotations

from collections.abc import Mapping

from archc.backend import Backend, EmittedSource, Origin, Request, Unsupported
from archc.conformance.cases import Case
from archc.conformance.hostile import hostile, tame
from archc.conformance.structure import compare
from archc.graph import Graph


class NotConformant(AssertionError):
    """A rule that a backend breaks, and the spec that shows it."""

    def __init__(self, message: str, case: Case) -> None:
        super().__init__(f"{message}\n\n{case.spec}")


def demand(condition: bool, message: str, case: Case) -> None:
    """Raise NotConformant unless the condition holds."""
    if not condition:
        raise NotConformant(message, case)


def emitted(
    backend: Backend, case: Case, graph: Graph | None = None, *, trained: bool = True
) -> EmittedSource | Mapping[str, str]:
    """The source for a case, or the unsupported layers with the backend's messages. `graph` replaces the case's own.

    Not `trained`: without a recipe.
    """
    facts = case.facts
    graph = graph or facts.graph
    origin = Origin.of(f"{case.name}.yaml", case.spec.encode())
    try:
        return backend.emit(Request(graph, facts.counts, facts.recipe if trained else None, origin))
    except Unsupported as unsupported:
        for layer, message in unsupported.layers.items():
            is_layer = layer in {node.name for node in graph.nodes}
            demand(is_layer, f"unsupported layer `{layer}` is not a layer of the network", case)
            is_line = bool(message) and message.isprintable()
            demand(is_line, f"the message for {layer} is not one printable line: {message!r}", case)
        return unsupported.layers
    except Exception as error:
        raise NotConformant(f"emit raises {type(error).__name__}: {error}", case) from error


def check_emission(backend: Backend, case: Case) -> Mapping[str, str]:
    """Check the rules of emission for a case. Returns the unsupported layers with the backend's messages."""
    source = emitted(backend, case)
    demand(source == emitted(backend, case), "emitting twice gives two different results", case)
    if not isinstance(source, EmittedSource):
        return source
    alone = emitted(backend, case, trained=False)
    is_same = isinstance(alone, EmittedSource) and (alone.class_name, alone.renamed) == (
        source.class_name,
        source.renamed,
    )
    demand(is_same, "without a recipe, the network is another", case)
    origin = Origin.of(f"{case.name}.yaml", case.spec.encode())
    demand(origin.sha256 in source.text, "the source does not contain the SHA-256 of the spec", case)
    names = {*case.facts.graph.inputs, *(node.name for node in case.facts.graph.nodes)}
    demand(source.renamed.keys() <= names, "`renamed` has a key that is neither a layer nor the input", case)
    kept = names - source.renamed.keys()
    demand(len({*kept, *source.renamed.values()}) == len(names), "two layers have the same name in the source", case)
    _check_names_and_strings(backend, case)
    return {}


def _check_names_and_strings(backend: Backend, case: Case) -> None:
    """Check that hostile names and strings change only names and strings of the source."""
    # Tame names replace the graph's own, because the comparison must be able to recognise them in the source.
    harmless, harmful = tame(case.facts.graph), hostile(case.facts.graph, seed=case.name)
    sources = [emitted(backend, case, graph) for graph in (harmless, harmful)]
    for source, graph in zip(sources, (harmless, harmful), strict=True):
        names = [node.name for node in graph.nodes]
        demand(isinstance(source, EmittedSource), f"under other names the network is unsupported: {names}", case)
    first, second = (source for source in sources if isinstance(source, EmittedSource))
    difference = compare(first, harmless, second, harmful)
    demand(difference is None, f"with layers named {[node.name for node in harmful.nodes]}: {difference}", case)
