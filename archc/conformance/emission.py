"""What a backend emits for a case: the same each time, with its origin; what it refuses are layers of the network."""

from __future__ import annotations

from collections.abc import Mapping

from archc.backend import Backend, EmittedSource, Origin, Request, Unsupported
from archc.conformance.cases import Case
from archc.conformance.hostile import hostile, tame
from archc.conformance.structure import compare
from archc.graph import Graph


class NotConformant(AssertionError):
    """A rule that a backend breaks, with the spec for which it does."""

    def __init__(self, message: str, case: Case) -> None:
        super().__init__(f"{message}\n\n{case.spec}")


def demand(condition: bool, message: str, case: Case) -> None:
    """Raise NotConformant unless the condition holds."""
    if not condition:
        raise NotConformant(message, case)


def emitted(backend: Backend, case: Case, graph: Graph | None = None) -> EmittedSource | Mapping[str, str]:
    """The source of a case, or of its graph as it is given; what the backend says of layers that it refuses."""
    facts = case.facts
    graph = graph or facts.graph
    origin = Origin.of(f"{case.name}.yaml", case.spec.encode())
    try:
        return backend.emit(Request(graph, facts.counts, facts.recipe, origin))
    except Unsupported as unsupported:
        for layer, said in unsupported.layers.items():
            demand(layer in {node.name for node in graph.nodes}, f"it refuses `{layer}`, which is no layer", case)
            demand(bool(said) and said.isprintable(), f"it says {said!r} of {layer}, not a line", case)
        return unsupported.layers
    except Exception as error:
        raise NotConformant(f"it raises {type(error).__name__}: {error}", case) from error


def check_emission(backend: Backend, case: Case) -> Mapping[str, str]:
    """The rules of emission hold for a case; returns the layers that the backend refuses, with what it says of them."""
    source = emitted(backend, case)
    demand(source == emitted(backend, case), "emitted once more, it is not the same", case)
    if not isinstance(source, EmittedSource):
        return source
    origin = Origin.of(f"{case.name}.yaml", case.spec.encode())
    demand(origin.sha256 in source.text, "the hash of the spec is not in the source", case)
    names = {*case.facts.graph.inputs, *(node.name for node in case.facts.graph.nodes)}
    demand(source.renamed.keys() <= names, "it renames what is no layer", case)
    kept = names - source.renamed.keys()
    demand(len({*kept, *source.renamed.values()}) == len(names), "two layers have one name in the source", case)
    _check_names_and_strings(backend, case)
    return {}


def _check_names_and_strings(backend: Backend, case: Case) -> None:
    """Names and strings that mean harm change names and strings of the source, and nothing else."""
    harmless, harmful = tame(case.facts.graph), hostile(case.facts.graph, seed=case.name)
    sources = [emitted(backend, case, graph) for graph in (harmless, harmful)]
    for source, graph in zip(sources, (harmless, harmful), strict=True):
        demand(isinstance(source, EmittedSource), f"it refuses the layers {[node.name for node in graph.nodes]}", case)
    first, second = (source for source in sources if isinstance(source, EmittedSource))
    difference = compare(first, harmless, second, harmful)
    demand(difference is None, f"layers called {[node.name for node in harmful.nodes]}: {difference}", case)
