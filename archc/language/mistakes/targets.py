"""Changes that match nothing: what there is instead, and what may be meant."""

from __future__ import annotations

from collections import Counter

from archc.diagnostics.finding import Finding, report
from archc.language.mistakes.vocabulary import did_you_mean, nearest
from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode
from archc.language.variants.change import Change, Steps
from archc.language.variants.tree import Path, at, layers_of, op_of
from archc.language.variants.words import A_LAYER, EVERY, SECTIONS
from archc.wording import counted, listed

_MATCHES_NOTHING = "ARC117"
_LONGEST = 24


def not_a_path(node: YamlNode) -> Finding:
    """The finding for a target that is not a path."""
    help = "write a path such as `layers.fc6.units`"
    return report(node.span, "ARC104", "a change names what it changes by its path", help=help)


def nothing_at(root: MappingNode, found: Steps, number: int, parents: list[Path], *, new: bool) -> Finding:
    """The finding for a path whose step of this number does not exist."""
    name, span = found.names[number], found.spans[number]
    before = ".".join(found.names[:number])
    if EVERY in found.names[:number]:
        whole = at(root, found.names[: found.names.index(EVERY)])
        every = ".".join(found.names[: found.names.index(EVERY)])
        inner = ".".join(found.names[found.names.index(EVERY) + 1 : number + 1])
        message = f"no entry of `{every}` has `{inner}`"
        words = Counter(key for path in parents for key in _keys(at(root, path)))
        notes = [f"what its {_size(whole)} have: {listed([f'{word} {count}' for word, count in words.most_common()])}"]
        help = did_you_mean(name, words, what="fields")
        return report(span, _MATCHES_NOTHING, message, notes=notes, help=help)
    parent = at(root, parents[0])
    if isinstance(parent, MappingNode) and "block" in parent.entries:
        return _in_a_use(parent, found, number)
    if isinstance(parent, ScalarNode):
        message = f"`{before}` is a single value, so it has no `{name[:64]}`"
        return report(span, _MATCHES_NOTHING, message, help=f"change `{before}` itself")
    keys = [*_keys(parent)]
    is_layers = before == "layers"
    what = f"layer `{name[:64]}`" if is_layers else f"`{name[:64]}`"
    message = f"the spec has no {what}" if is_layers or not before else f"`{before}` has no {what}"
    words = keys
    if is_layers and found.spans[:1] == found.spans[1:2]:  # what was written may mean a section
        message, words = f"the spec has no section or layer `{name[:64]}`", [*keys, *SECTIONS]
    help = did_you_mean(name, words, what="layers" if is_layers else "names") if keys else None
    if new and number < len(found.names) - 1 and nearest(name, words, named=True) is None:
        path = ".".join(found.names[: number + 1])
        inner = "".join(f"{{{step}: " for step in found.names[number + 1 :])
        help = f"set `{path}` as a whole, to `{inner}…{'}' * inner.count('{')}`"
    notes = [f"{f'`{before}`' if before else 'the spec'} has {_size(parent)}: {listed(keys)}"] if keys else []
    return report(span, _MATCHES_NOTHING, message, notes=notes, help=help)


def no_layer_of(root: MappingNode, node: MappingNode, op: object) -> Finding:
    """The finding for an op that no layer has, or for a mapping that names no op."""
    if op is None:
        help = f"write `{A_LAYER}`, or the name of a layer"
        return report(node.span, "ARC104", "a change names layers by a name or by their op", help=help)
    found = Counter(str(word) for _, body in layers_of(root) if (word := op_of(body)) is not None)
    counts = listed([f"{word} {count}" for word, count in found.most_common()])
    help = did_you_mean(str(op), found, what="values")
    span = node.entries["op"].span
    message = f"no layer has `op: {str(op)[:64]}`"
    return report(span, _MATCHES_NOTHING, message, notes=[f"its ops: {counts}" if found else ""], help=help)


def not_a_layer(node: YamlNode, path: Path) -> Finding:
    """The finding for a path that names a value, where a layer is wanted."""
    shown = ".".join(path)
    message = f"`{shown}` is not a layer"
    help = f"name a layer; a value is changed by `{{set: {shown}, to: …}}`"
    return report(node.span, "ARC104", message, help=help)


def is_a_layer(root: MappingNode, change: Change, path: Path) -> Finding:
    """The finding for a whole layer where a value is to be set."""
    assert isinstance(change.target, ScalarNode)
    name = ".".join(path[1:] if path[0] == "layers" else path)
    if at(root, path) is None:
        keys = [*_keys(at(root, path[:-1]))]
        is_bare = "." not in str(change.target.value)
        words = [*keys, *SECTIONS] if is_bare else keys
        message = f"the spec has no {'section or layer' if is_bare else 'layer'} `{path[-1][:64]}`"
        notes = [f"`{'.'.join(path[:-1])}` has {counted(len(keys), 'entry', 'entries')}: {listed(keys)}"]
        help = did_you_mean(path[-1], words, what="layers")
        return report(change.target.span, _MATCHES_NOTHING, message, notes=notes, help=help)
    help = f"set one of its fields, such as `layers.{name}.op`"
    if not change.is_tried:
        help = f"write `{{replace: {name}, with: {{op: …}}}}`, or {help}"
    return report(change.target.span, "ARC104", f"`{name}` is a layer, and `set` is for values", help=help)


def _in_a_use(use: MappingNode, found: Steps, number: int) -> Finding:
    """The finding for a path into a use of a block."""
    block = use.entries["block"]
    name = str(block.value)[:_LONGEST] if isinstance(block, ScalarNode) else "…"
    use_path = ".".join(found.names[1:number])
    inner = [step for step in found.names[number:] if not step.isdecimal()]
    path = ".".join(("blocks", name, "layers", *inner))
    message = f"`{use_path}` is a use of block `{name}`, which has its layers"
    help = f"change `{path}`, for all uses of the block, or a value that `{use_path}` gives to it"
    return report(found.spans[number], _MATCHES_NOTHING, message, help=help)


def _keys(node: YamlNode | None) -> list[str]:
    if isinstance(node, MappingNode):
        return [*node.entries]
    return [str(number) for number in range(len(node.items))] if isinstance(node, SequenceNode) else []


def _size(node: YamlNode | None) -> str:
    return counted(len(_keys(node)), "entry", "entries")
