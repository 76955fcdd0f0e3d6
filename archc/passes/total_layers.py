"""Layers, or blocks of them, that are missing or too many and so explain all expected totals exactly."""

from __future__ import annotations

from collections.abc import Iterator

from archc.graph import Graph, Node
from archc.ops.weighted import Weighted
from archc.passes.changed import output_of
from archc.passes.changed_totals import Totals, counted_totals
from archc.passes.counts import Counts
from archc.passes.missing_layers import deleted, has_totals, inserted, layer_text, missing_pools
from archc.passes.total_mistakes import MOST_TRIED, Explanation, added, layers_of
from archc.wording import counted

# A network has at most so many more blocks of a kind: ResNet-101's third stage has 17 more than ResNet-50's.
_MOST_BLOCKS = 40


def of_layers(graph: Graph, counts: Counts, missing: Totals) -> Iterator[Explanation]:
    """A layer that is missing, or one too many, or a block; the other layers keep their shapes, except after a pool."""
    yield from _copies(graph, missing)
    yield from _scores(graph, missing)
    yield from _needless(graph, counts, missing)
    yield from _blocks(graph, counts, missing)
    yield from _pools(graph, counts, missing)


def _copies(graph: Graph, missing: Totals) -> Iterator[Explanation]:
    """A layer once more after itself, with the activation that follows it: the last one of those that are equal."""
    found: dict[tuple[object, ...], Explanation] = {}
    for node in graph.nodes:
        op, x = node.op, node.output
        if not _is_alone(graph, node) or not isinstance(op, Weighted) or output_of(op, (x,)) != x:
            continue
        if (counted := counted_totals(op, (x,), x)) != {**counted, **missing}:
            continue
        reader = _next_learned(graph, node)
        if reader is None:
            continue
        between = [each for each in graph.between(node, reader) if each.op.is_activation]
        texts = " and ".join(f"`{layer_text(each)}`" for each in (node, *between[:1]))
        note = f"a second layer like {node.name} has {counted['parameters']:,} parameters"
        remedy = f"add {'layers' if between else 'a layer'} {texts} before {reader.name}"
        longer = inserted(graph, op, reader)
        found[op, x] = Explanation(remedy, (note,), ((node.span, "only once"),), other=longer)
    yield from found.values()


def _is_alone(graph: Graph, node: Node) -> bool:
    """Whether a layer has one input, and is not in a block, where a change would be one of all its uses."""
    return len(node.inputs) == 1 and node.name not in graph.uses


def _next_learned(graph: Graph, node: Node) -> Node | None:
    """The next layer with weights in a chain."""
    while len(readers := graph.readers[node.name]) == 1:
        (node,) = readers
        if len(node.inputs) != 1 or isinstance(node.op, Weighted):
            return node if len(node.inputs) == 1 else None
    return None


def _scores(graph: Graph, missing: Totals) -> Iterator[Explanation]:
    """The layer that gives the scores to the network's softmax."""
    for name in graph.final_softmaxes:
        node = graph.node(name)
        (x,) = graph.tensors(node.inputs)
        like = next((each for each in graph.nodes[::-1] if isinstance(each.op, Weighted) and each.output == x), None)
        more = missing.get("parameters", 0)
        if like is None or like.op.channels_field is None or not x.is_vector or more <= 0:
            continue
        field = like.op.channels_field
        units, rest = divmod(more, x.channels + bool(getattr(like.op, "bias", False)))
        op = like.op.model_copy(update={field: units})
        if rest or units >= x.channels or not units:
            continue
        output = output_of(op, (x,))
        if output is None or (counted := counted_totals(op, (x,), output)) != {**counted, **missing}:
            continue
        note = f"a layer of {units:,} {field} has {x.channels:,} × {units:,} weights and {units:,} biases"
        # A softmax does not depend on a bias that all scores begin with.
        bias = ", bias_init: 0" if getattr(op, "bias_init", 0) else ""
        remedy = f"add a layer `{{op: {op.op}, {field}: {units}{bias}}}` before {name}"
        yield Explanation(remedy, (note,), other=inserted(graph, op, node))


def _needless(graph: Graph, counts: Counts, missing: Totals) -> Iterator[Explanation]:
    """A layer that keeps the shape of its input and has what is too much: the last one of those that are equal."""
    found: dict[tuple[object, ...], Explanation] = {}
    for node in graph.nodes:
        own = counts.layers[node.name]
        if not _is_alone(graph, node) or not isinstance(node.op, Weighted) or node.output != graph.tensor(*node.inputs):
            continue
        # The only layer with weights is not one too many.
        is_all = own.parameters == counts.parameters
        if not is_all and all(getattr(own, field) == -more for field, more in missing.items()):
            readers = graph.readers[node.name]
            follows = [each.name for each in readers if each.op.is_activation and len(readers) == 1]
            note = f"{node.name} keeps the shape of its input and has {own.parameters:,} parameters"
            remedy = f"delete {layers_of([node.name, *follows])}"
            found[node.op, node.output] = Explanation(remedy, (note,), ((node.span, ""),), other=deleted(graph, node))
    yield from found.values()


def _blocks(graph: Graph, counts: Counts, missing: Totals) -> Iterator[Explanation]:
    """Blocks that follow each other in a stage and keep the shape: more of them, or fewer."""
    kinds: dict[tuple[str, str, str], list[str]] = {}
    for path, scope in graph.scopes.items():
        if scope.block is None or len(scope.inputs) != 1 or graph.tensor(scope.inputs[0]) != graph.tensor(scope.output):
            continue
        stage, _, number = path.rpartition(".")
        if number.isdecimal():
            kinds.setdefault((stage, scope.block, str(dict(scope.arguments))), []).append(path)
    for (stage, block, _), paths in kinds.items():
        nodes = [node for node in graph.nodes if node.name.startswith(f"{paths[0]}.")]
        own = added({field: getattr(counts.layers[node.name], field) for field in missing} for node in nodes)
        times = next((missing[field] // own[field] for field in missing if own.get(field)), 0)
        now = len(paths)
        if not times or not -now < times <= _MOST_BLOCKS or {field: times * own[field] for field in missing} != missing:
            continue
        (field, *_) = missing
        word = "parameters" if field == "parameters" else "MACs"
        note = f"{stage} has {counted(now, 'block')} `{block}` that {'keeps' if now == 1 else 'keep'} the shape, "
        note += f"of {own[field]:,} {word} each: {abs(times)} × {own[field]:,} = {abs(missing[field]):,}"
        blocks = f"{counted(abs(times), 'block')} `{block}`"
        remedy = f"add {blocks} to {stage}" if times > 0 else f"delete {blocks} of {stage}"
        remedy += f": {now + times} instead of {now} (`repeat: {now + times}`)"
        # The other blocks are as they were, and so are the shapes of all layers.
        yield Explanation(remedy, (note,), other=graph)


def _pools(graph: Graph, counts: Counts, missing: Totals) -> Iterator[Explanation]:
    """A pool like one of the others: the last place where it explains the totals."""
    totals = {field: getattr(counts, field) + more for field, more in missing.items()}
    readers = [node for node in graph.nodes if _is_alone(graph, node) and graph.tensor(*node.inputs).is_maps]
    if len(readers) * len(graph.nodes) > MOST_TRIED:
        return
    for lacking in missing_pools(graph, readers[::-1]):
        if has_totals(lacking.graph, totals):
            yield Explanation(lacking.remedy, (lacking.note,), ((lacking.reader.span, ""),), other=lacking.graph)
            return
