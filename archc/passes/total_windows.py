"""Mistakes in a window that make all expected totals fit exactly: another kernel, padding, rounding or stride."""

from __future__ import annotations

from collections.abc import Iterator

from archc.graph import Graph, Node
from archc.ops.fields import NO_PADDING, ONE, Margins, Size
from archc.ops.weighted import Weighted
from archc.ops.window import Window
from archc.ops.windowed import Windowed
from archc.passes.changed import changed_graph, output_of
from archc.passes.changed_totals import Totals, changed_by_fields
from archc.passes.counts import count
from archc.passes.departure import KERNELS, usual_changes
from archc.passes.pixels_224 import changes_second, explanation, is_rounded_down
from archc.passes.shared_windows import is_whole
from archc.passes.total_mistakes import MOST_EXPLANATIONS, MOST_TRIED, Explanation, added, layers_of, places

# Kernels that are tried on each layer; 1 × 1 is one of them here, since a total cannot tell what it mixes.
_KERNELS = (1, *KERNELS)

# As many usual changes of one window there are at most.
_MOST_USUAL = 9

_Fields = dict[str, object]


def of_windows(graph: Graph, missing: Totals) -> Iterator[Explanation]:
    """Another window in one layer, another kernel in all layers that have the same one, or their forgotten padding."""
    windows = {
        node.name: window
        for node in graph.nodes
        if isinstance(node.op, Windowed) and (window := node.op.window(graph.tensors(node.inputs)))
    }
    if 3 * len(_KERNELS) * len(windows) * len(graph.nodes) <= MOST_TRIED:
        yield from _kernels(graph, windows, missing)
    if _MOST_USUAL * len(windows) * len(graph.nodes) <= MOST_TRIED:
        yield from _sizes(graph, windows, missing)
        yield from _paddings(graph, windows, missing)


def _kernels(graph: Graph, windows: dict[str, Window], missing: Totals) -> Iterator[Explanation]:
    learned = {
        name: window
        for name, window in windows.items()
        if isinstance(graph.node(name).op, Weighted) and not window.is_row and window.dilation == ONE
    }
    for name, window in learned.items():
        for size in _KERNELS:
            for fields in _with_kernel(graph.node(name), window, size):
                if changed_by_fields(graph, graph.node(name), fields, missing) == missing:
                    yield _of_kernel(graph, [name], fields)
                    break
    for kernel in dict.fromkeys(window.kernel for window in learned.values()):
        alike = [name for name, window in learned.items() if window.kernel == kernel]
        for size in _KERNELS if len(alike) > 1 else ():
            # The last form keeps the size of the maps, so changes of several layers can be added up.
            fields = {name: _with_kernel(graph.node(name), learned[name], size)[-1] for name in alike}
            changes = [changed_by_fields(graph, graph.node(name), fields[name], missing) for name in alike]
            keep = all(_keeps_shape(graph, graph.node(name), fields[name]) for name in alike)
            if keep and added(change or {} for change in changes) == missing:
                yield _of_kernel(graph, alike, fields[alike[0]])


def _paddings(graph: Graph, windows: dict[str, Window], missing: Totals) -> Iterator[Explanation]:
    """Padding that keeps the size of maps, in all layers without any, or in those with one kernel."""
    bare = [
        name
        for name, window in windows.items()
        if isinstance(graph.node(name).op, Weighted)
        and window.margins == NO_PADDING
        and (window.stride == ONE != window.kernel)
    ]
    kernels = dict.fromkeys(windows[name].kernel for name in bare)
    alike = [[name for name in bare if windows[name].kernel == kernel] for kernel in kernels]
    now = count(graph)
    for names in [bare, *alike] if len(alike) > 1 else [bare]:
        changes = {name: {"padding": "same"} for name in names}
        mended = changed_graph(graph, changes) if len(names) > 1 else None
        if mended is None or not all(node.expected in (None, node.output.shape) for node in mended.nodes):
            continue
        totals = count(mended)
        if all(getattr(totals, field) - getattr(now, field) == more for field, more in missing.items()):
            nodes = [graph.node(name) for name in names]
            note = f"without padding, each of {layers_of(names)} gives smaller maps than it reads"
            yield Explanation(f"use `padding: same` on {layers_of(names)}", (note,), places(nodes, "padding"), changes)


def _with_kernel(node: Node, window: Window, size: int) -> list[_Fields]:
    """The fields of a layer with another kernel: as padded as it is, and with the padding of half a kernel."""
    if window.kernel == (size, size):
        return [{}]
    kernel: _Fields = {"kernel": Size(size, size)}
    half = (size - 1) // 2
    padded: _Fields = {**kernel, "padding": Margins(half, half, half, half)}
    if getattr(node.op, "padding", None) in ("same", padded["padding"]):
        return [kernel]
    return [kernel, padded]


def _keeps_shape(graph: Graph, node: Node, fields: _Fields) -> bool:
    return output_of(node.op.model_copy(update=fields), graph.tensors(node.inputs)) == node.output


def _of_kernel(graph: Graph, names: list[str], fields: _Fields) -> Explanation:
    nodes = [graph.node(name) for name in names]
    now, then = (sum(_weights(graph, node, change) for node in nodes) for change in ({}, fields))
    size = fields["kernel"]
    assert isinstance(size, Size)
    its, has, kernels = ("its", "has", "a kernel") if len(nodes) == 1 else ("their", "have", "kernels")
    note = f"with {kernels} of {size}, {layers_of(names)} {has} {then:,} weights instead of {its} {now:,}"
    padded = fields.get("padding")
    padding = f" and `padding: {padded.top}`" if isinstance(padded, Margins) else ""
    remedy = f"use `kernel: {size.height}`{padding} on {layers_of(names)}"
    return Explanation(remedy, (note,), places(nodes, "kernel"), dict.fromkeys(names, fields))


def _weights(graph: Graph, node: Node, fields: _Fields) -> int:
    return node.op.model_copy(update=fields).numbers(graph.tensors(node.inputs)).weights


def _sizes(graph: Graph, windows: dict[str, Window], missing: Totals) -> Iterator[Explanation]:
    """Another padding, rounding or stride of one layer: the usual change that fits, of those of each layer.

    AlexNet's first layer at 224 pixels explains them alone; of others, none if they are too many.
    """
    found: list[Explanation] = []
    for name, window in windows.items():
        node = graph.node(name)
        assert isinstance(node.op, Windowed)
        for written, fields in usual_changes(node.op, window):
            if changed_by_fields(graph, node, fields, missing) == missing:
                is_papers = is_rounded_down(window) and changes_second(graph, node)
                found.append(_of_size(graph, node, written, fields, is_papers=is_papers))
                if is_papers:
                    yield found[-1]
                    return
                break
    # Networks are designed so that windows fit.
    whole = [each for each in found if (mended := each.mended(graph)) and is_whole(mended)]
    if len(whole or found) <= MOST_EXPLANATIONS:
        yield from whole or found


def _of_size(graph: Graph, node: Node, written: str, fields: _Fields, *, is_papers: bool) -> Explanation:
    (field, *_) = fields
    mended = node.op.model_copy(update=fields).window(graph.tensors(node.inputs))
    assert mended is not None
    notes = explanation(graph, node) if is_papers else [f"{node.name} then gives {mended.arithmetic}"]
    return Explanation(f"use `{written}` on {node.name}", tuple(notes), places([node], field), {node.name: fields})
