"""Changes that match nothing: what there is instead, and what may be meant."""

from __future__ import annotations

from collections import Counter

from archc.diagnostics.finding import Finding, report
from archc.language.mistakes.vocabulary import did_you_mean, nearest
from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode
from archc.language.variants.change import Change, Steps
from archc.language.variants.tree import Path, at, is_layer, layers_of, name_of, numbers, op_of
from archc.language.variants.words import A_LAYER, EVERY, SECTIONS
from archc.wording import counted, listed

_MATCHES_NOTHING = "ARC117"
_LONGEST = 24


def not_a_path(node: YamlNode) -> Finding:
    """The finding for a target that is not a path."""
    help = "write a path such as `layers.fc6.units`"
    return report(node.span, "ARC104", "a change names what it changes by its path", help=help)


def nothing_at(root: MappingNode, found: Steps, number: int, parents: list[Path], *, new: bool, layer: bool) -> Finding:
    """The finding for a path whose step of this number does not exist."""
    name, span = found.names[number], found.spans[number]
    before = ".".join(found.names[:number])
    if EVERY in found.names[:number]:
        return _in_no_entry(root, found, number, parents)
    parent = at(root, parents[0])
    if isinstance(parent, MappingNode) and "block" in parent.entries:
        return _in_a_use(root, parent, found, number)
    if isinstance(parent, ScalarNode):
        message = f"`{before}` is a single value, so it has no `{name[:64]}`"
        return report(span, _MATCHES_NOTHING, message, help=f"change `{before}` itself")
    if isinstance(parent, SequenceNode) and (first := _repeated(parent, name)) is not None:
        message = f"`{before}.{name}` is a repeat of `{before}.{first}`"
        return report(span, _MATCHES_NOTHING, message, help=f"change `{before}.{first}`, for all of its repeats")
    keys = [*_keys(parent)]
    is_layers = before == "layers"
    if is_layers and name in _inputs(root):
        return report(span, _MATCHES_NOTHING, f"`{name}` is an input, not a layer", help=_first_layer(root))
    what = f"layer `{name[:64]}`" if is_layers else f"`{name[:64]}`"
    message = f"the spec has no {what}" if is_layers or not before else f"`{before}` has no {what}"
    words = keys
    if is_layers and not layer and found.spans[:1] == found.spans[1:2]:  # what was written may mean a section
        message, words = f"the spec has no section or layer `{name[:64]}`", [*keys, *SECTIONS]
    help = did_you_mean(name, words, what="layers" if is_layers else "names") if keys else None
    may_add = new and number < len(found.names) - 1 and isinstance(parent, MappingNode)
    if may_add and not is_layer(found.names[: number + 1]) and nearest(name, words, named=True) is None:
        help = _as_a_whole(root, found.names, number)
    if number < 2 and at(root, ("layers", *found.names[: number + 1])) is not None:
        help = f"write `layers.{'.'.join(found.names)}` for the layer `{found.names[0]}`"
    notes = [f"{f'`{before}`' if before else 'the spec'} has {_size(parent)}: {listed(keys)}"] if keys else []
    return report(span, _MATCHES_NOTHING, message, notes=notes, help=help)


def _in_no_entry(root: MappingNode, found: Steps, number: int, parents: list[Path]) -> Finding:
    """The finding for a step that no entry has, after one that is every entry."""
    name, star = found.names[number], found.names.index(EVERY)
    whole, every = at(root, found.names[:star]), ".".join(found.names[:star])
    inner = ".".join(found.names[star + 1 : number + 1])
    words = Counter(key for path in parents for key in _keys(at(root, path)))
    notes = [f"what its {_size(whole)} have: {listed([f'{word} {count}' for word, count in words.most_common()])}"]
    message, help = f"no entry of `{every}` has `{inner}`", did_you_mean(name, words, what="fields")
    return report(found.spans[number], _MATCHES_NOTHING, message, notes=notes, help=help)


def _as_a_whole(root: MappingNode, names: Path, number: int) -> str:
    """The help to set what is not there with all that it has; where one of several is chosen, the choice."""
    parent = at(root, names[:number])
    values = [*parent.entries.values()] if isinstance(parent, MappingNode) else []
    # Of an optimizer, a schedule or a distribution, there is one, and its fields are in it.
    is_choice = number > 1 and len(values) == 1 and isinstance(values[0], MappingNode)
    first = number if is_choice else number + 1
    inner = "".join(f"{{{step}: " for step in names[first:])
    return f"set `{'.'.join(names[:first])}` as a whole, to `{inner}…{'}' * inner.count('{')}`"


def _repeated(stage: SequenceNode, name: str) -> int | None:
    """The number of the use of a block of which a number is a repeat."""
    if not name.isdecimal() or len(name) > 6:
        return None
    first = max((number for number in numbers(stage) if number < int(name)), default=None)
    item = stage.items[numbers(stage).index(first)] if first is not None else None
    repeat = item.entries.get("repeat") if isinstance(item, MappingNode) else None
    count = repeat.value if isinstance(repeat, ScalarNode) and isinstance(repeat.value, int) else 1
    return first if first is not None and int(name) < first + count else None


def _inputs(root: MappingNode) -> list[str]:
    return _keys(root.entries.get("input")) if isinstance(root.entries.get("input"), MappingNode) else []


def _first_layer(root: MappingNode) -> str:
    """The help to name a layer in the place of an input."""
    (first, *_) = [*_keys(root.entries.get("layers")), "…"]
    return f"name a layer: the first is `{first}`"


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


def not_a_layer(root: MappingNode, node: YamlNode, path: Path) -> Finding:
    """The finding for a path that names a value, where a layer is wanted."""
    shown = name_of(root, path)
    message = f"`{shown}` is not a layer"
    help = f"name a layer; a value is changed by `{{set: {shown}, to: …}}`"
    if path[0] == "input":
        help = _first_layer(root)
    return report(node.span, "ARC104", message, help=help)


def is_a_layer(root: MappingNode, change: Change, path: Path) -> Finding:
    """The finding for a whole layer where a value is to be set."""
    assert isinstance(change.target, ScalarNode)
    name = name_of(root, path).removeprefix("layers.")
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


def _in_a_use(root: MappingNode, use: MappingNode, found: Steps, number: int) -> Finding:
    """The finding for a path into a use of a block."""
    block = use.entries["block"]
    name = str(block.value)[:_LONGEST] if isinstance(block, ScalarNode) else "…"
    use_path = ".".join(found.names[1:number])
    inner = [step for step in found.names[number:] if not step.isdecimal()]
    path = ".".join(("blocks", name, "layers", *inner))
    message = f"`{use_path}` is a use of block `{name}`, which has its layers"
    help = f"change `{path}`, for all uses of the block, or a value that `{use_path}` gives to it"
    if inner and inner[0] in use.entries:
        help = f"change `layers.{use_path}.{'.'.join(inner)}`, for all of its repeats"
    elif inner and inner[0] not in (own := _keys(at(root, ("blocks", name, "layers")))):
        help = did_you_mean(inner[0], [*own, *use.entries], what="names")
    return report(found.spans[number], _MATCHES_NOTHING, message, help=help)


def _keys(node: YamlNode | None) -> list[str]:
    if isinstance(node, MappingNode):
        return [*node.entries]
    return [*map(str, numbers(node))] if isinstance(node, SequenceNode) else []


def _size(node: YamlNode | None) -> str:
    return counted(len(_keys(node)), "entry", "entries")
