"""Blocks in other forms than `basic: {takes: [filters], layers: {…}}`, and calls of blocks that do not exist."""

from __future__ import annotations

from difflib import get_close_matches

from archc.diagnostics.finding import Finding, replacement, report, respelling
from archc.language.blocks.forms import Block, references
from archc.language.fields import NAME
from archc.language.layout.spelling import spelled
from archc.language.mistakes.edits import inline
from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode, read
from archc.ops import ops
from archc.source import Span
from archc.wording import listed

_FORM = "write `blocks: {NAME: {takes: [filters], layers: {…}}}`"
_TAKES = ("params", "parameters", "args", "arguments", "inputs", "with", "vars", "variables", "defaults", "take")
_LAYERS = ("body", "modules", "layer", "steps", "ops", "network", "forward")
# What a block reads and gives, where no reference to a value says that `inputs` are the values that it takes.
_READS = ("inputs", "input", "from", "bottom")
_GIVES = ("outputs", "output", "returns", "return", "top")
_MOST_COMPARED = 200


def not_blocks(section: YamlNode, findings: list[Finding]) -> dict[str, Block | None]:
    """The blocks of a section that is not a mapping: none of their names is then reported as unknown."""
    items = section.items if isinstance(section, SequenceNode) else []
    bodies = [item for item in items if isinstance(item, MappingNode)]
    words = [[key for word, key in item.keys.items() if word not in ("takes", "layers")] for item in bodies]
    named = [item.entries.get("name") or next(iter(keys), None) for item, keys in zip(bodies, words, strict=True)]
    names = [
        str(node.value) for node in named if node is not None and not isinstance(node, (SequenceNode, MappingNode))
    ]
    help = _FORM
    if names:
        help = (
            f"give each block its name as a key: `blocks: {{{', '.join(f'{name[:64]}: {{…}}' for name in names[:4])}}}`"
        )
    is_empty = isinstance(section, ScalarNode) and section.value is None
    kind = "a list" if isinstance(section, SequenceNode) else "nothing" if is_empty else "a value"
    findings.append(report(section.span, "ARC104", f"`blocks` must be a mapping, got {kind}", help=help))
    return dict.fromkeys(names)


def right_block(
    name: str, key: Span, body: YamlNode, findings: list[Finding]
) -> tuple[MappingNode, MappingNode | SequenceNode] | None:
    """A block with its fields under the right words, and its layers; None if it has none."""
    if not isinstance(body, MappingNode):
        help = f"write `{name[:64]}: {{layers: {{…}}}}`"
        if isinstance(body, SequenceNode):
            help = f"write `{name[:64]}: {{layers: […]}}`"
        findings.append(report(key, "ARC104", f"the block {name[:64]} must be a mapping with `layers`", help=help))
        return None
    entries = dict(body.entries)
    wires = (*_GIVES, *(() if any(references(body)) else _READS))
    for word in body.entries.keys() - {"takes", "layers"}:
        own = "takes" if word.lower() in _TAKES else "layers" if word.lower() in _LAYERS else _close(word)
        if own in body.entries or word.lower() in wires:
            own = None
        if own:
            entries[own] = entries.pop(word)
        findings.append(_unknown(name, word, own, body))
    layers = entries.get("layers")
    right = MappingNode(entries, body.keys, body.span, body.repeated)
    if isinstance(layers, (MappingNode, SequenceNode)):
        if layers.entries if isinstance(layers, MappingNode) else layers.items:
            return right, layers
        at, message = layers.span, f"the block {name[:64]} has no layers"
    elif layers is not None and layers.value is not None:
        message = f"`layers` of the block {name[:64]} must be a mapping or a list of layers"
        findings.append(report(layers.span, "ARC104", message, help="write `layers: {NAME: {op: …}}`"))
        return None
    elif len(entries) < len(body.entries) or "layers" in entries or not _unknown_words(entries):
        at, message = key, f"the block {name[:64]} has no layers"
    else:
        return None  # its unknown fields are reported
    findings.append(report(at, "ARC103", message, help="add `layers: {NAME: {op: …}}`"))
    return None


def _unknown_words(entries: dict[str, YamlNode]) -> set[str]:
    return entries.keys() - {"takes", "layers"}


def _close(word: str) -> str | None:
    found = get_close_matches(word[:64].lower(), ["takes", "layers"], n=1, cutoff=0.7)
    return found[0] if found else None


def _unknown(name: str, word: str, own: str | None, body: MappingNode) -> Finding:
    key = body.keys[word].span
    message = f"unknown field `{word[:64]}` in the block {name[:64]}"
    if own:
        return report(key, "ARC101", message, help=f"did you mean `{own}`?", fix=respelling(key, own))
    value = body.entries[word]
    if isinstance(value, MappingNode) and ("op" in value.entries or "block" in value.entries):
        help = f"write the layers of a block under `layers`: `{name[:64]}: {{layers: {{{word[:64]}: …}}}}`"
    elif word in ("op", "block") and "layers" in body.entries:
        help = f"delete `{word}`: a block has layers, and each of them has an `op` or a `block`"
    elif word in ("op", "block"):
        help = f"write the layers of a block under `layers`: `{name[:64]}: {{layers: [{inline(body)[:80]}]}}`"
    elif word.lower() in _READS:
        help = f"delete `{word[:64]}`: a block reads what its use lists in `from`, and calls it `input`"
    elif word.lower() in _GIVES:
        help = f"delete `{word[:64]}`: a block gives its last layer"
    else:
        help = "a block has the fields `takes` and `layers`"
    return report(key, "ARC101", message, help=help, cause=f"{name}: layers outside of `layers`")


def right_takes(takes: YamlNode, findings: list[Finding]) -> list[YamlNode]:
    """The items of a `takes` that is not a list."""
    message = "`takes` must be a list of names, or of pairs of a name and a default"
    if isinstance(takes, MappingNode):
        items: list[YamlNode] = []
        for name, value in takes.entries.items():
            is_required = isinstance(value, ScalarNode) and value.value is None
            pair = MappingNode({name: value}, {name: takes.keys[name]}, takes.keys[name].span)
            items.append(ScalarNode(name, takes.keys[name].span) if is_required else pair)
        shown = [
            name if isinstance(item, ScalarNode) else inline(item)[1:-1]
            for name, item in zip(takes.entries, items, strict=True)
        ]
        text = f"[{', '.join(shown)}]"
        findings.append(
            report(takes.span, "ARC104", message, help=f"write `takes: {text}`", fix=replacement(takes.span, text))
        )
        return items
    if isinstance(takes, ScalarNode) and isinstance(takes.value, str) and NAME.match(takes.value):
        text = f"[{takes.value}]"
        findings.append(
            report(takes.span, "ARC104", message, help=f"write `takes: {text}`", fix=replacement(takes.span, text))
        )
        return [takes]
    is_nothing = isinstance(takes, ScalarNode) and takes.value is None
    help = "delete `takes`, or list names" if is_nothing else "write `takes: [filters, stride: 1]`"
    findings.append(report(takes.span, "ARC104", message, help=help))
    return []


def assigned(word: str, span: Span) -> tuple[str, ScalarNode] | None:
    """The name and the default of `stride=1` in `takes`; None for any other word."""
    name, equals, text = (part.strip() for part in word.partition("="))
    default, findings = read(text.encode(), span.source.name) if equals and NAME.match(name) else (None, [])
    if not isinstance(default, ScalarNode) or default.value is None or findings:
        return None
    return name, ScalarNode(default.value, span)


def not_a_parameter(name: str, span: Span) -> Finding:
    """The finding for a name in `takes` that cannot be one."""
    if given := assigned(name, span):
        pair = f"{given[0]}: {name.partition('=')[2].strip()}"
        message = f"`takes` lists a name with a default as `{pair[:64]}`, got `{name[:64]}`"
        return report(span, "ARC106", message, help=f"write `{pair[:64]}`", fix=replacement(span, pair))
    if NAME.match(name):
        message = f"`{name}` cannot be a name in `takes`: it is a field of every layer"
        return report(span, "ARC106", message, help=f"use another name, such as `{name}_`")
    bare = name.lstrip("$")
    if bare != name and NAME.match(bare):
        message = f"`takes` lists names without `$`, got `{name[:64]}`"
        return report(span, "ARC106", message, help=f"write `{bare}`", fix=respelling(span, bare))
    from archc.language.mistakes.validation import not_a_name

    return not_a_name(name, span)


def meant_block(path: str, body: YamlNode, word: str | None, blocks: dict[str, Block | None]) -> Finding | None:
    """The finding for a layer that means a block: `op: basic`, `basic` or `{basic: {filters: 8}}`; None for others."""
    if not isinstance(body, MappingNode):
        name = body.value if isinstance(body, ScalarNode) else None
        if not isinstance(name, str) or name not in blocks or name in ops():
            return None
        text = f"{{block: {name}}}"
        fix = replacement(body.span, text) if not _required(blocks[name]) else ()
        return report(
            body.span, "ARC104", f"{path} must be a mapping with `block`", help=_written(name, blocks), fix=fix
        )
    if word is not None:
        node = body.entries[word]
        name = node.value if isinstance(node, ScalarNode) else None
        if not isinstance(name, str) or name not in blocks or name in ops():
            return None
        fix = respelling(body.keys[word].span, "block")
        return report(
            body.keys[word].span, "ARC102", f"{name} is a block, not an op", help=f"write `block: {name}`", fix=fix
        )
    for key, node in body.entries.items():
        name = node.value if isinstance(node, ScalarNode) else None
        if isinstance(name, str) and key != "from" and name in blocks and name not in ops():
            fix = respelling(body.keys[key].span, "block")
            help = f"write `block: {name}` instead of `{key[:64]}: {name}`"
            return report(body.keys[key].span, "ARC103", f"{path} needs `block`", help=help, fix=fix)
    names = [name for name in body.entries if name in blocks and name not in ops()]
    if len(names) != 1:
        return None
    (name,) = names
    return report(body.keys[name].span, "ARC103", f"{path} needs `block`", help=_written(name, blocks))


def named_in(body: YamlNode) -> set[str]:
    """The words in a layer that can name a block, in the right place or not."""
    match body:
        case ScalarNode():
            text = body.span.source.text[body.span.start : body.span.end]
            return {body.value if isinstance(body.value, str) else text} - ops().keys()
        case SequenceNode():
            return {word for item in body.items for word in named_in(item)}
        case MappingNode():
            entries = {key: value for key, value in body.entries.items() if key not in ("from", "expect")}
            return entries.keys() | {word for value in entries.values() for word in named_in(value)}


def _required(block: Block | None) -> list[str]:
    return [name for name, default in block.takes.items() if default is None] if block else []


def _written(name: str, blocks: dict[str, Block | None]) -> str:
    arguments = "".join(f", {each}: …" for each in _required(blocks[name]))
    return f"write `{{block: {name}{arguments}}}`"


def repeated_op(body: MappingNode) -> Finding:
    """The finding for an op with a `repeat`, which only a block takes."""
    message = "`repeat` repeats a block, not an op"
    help = "define a block with this layer in `blocks`, and repeat that, or delete `repeat`"
    return report(body.keys["repeat"].span, "ARC101", message, help=help)


def not_a_call(body: MappingNode, blocks: dict[str, Block | None]) -> list[Finding]:
    """Why a call cannot be understood."""
    node = body.entries["block"]
    if "op" in body.entries:
        message = "a layer has an `op` or a `block`, not both"
        help = "delete one of the two"
        return [report(body.keys["block"].span, "ARC101", message, help=help)]
    name = node.value if isinstance(node, ScalarNode) else None
    if not isinstance(name, str):
        # A name such as `true` is a string only in quotes.
        text = node.span.source.text[node.span.start : node.span.end]
        shown = spelled("", text if text in blocks else next(iter(blocks), "NAME"), flow=True)
        shown = f"`block: {shown}`"
        return [report(node.span, "ARC104", "`block` must be the name of a block", help=f"write {shown}")]
    if name in blocks:
        return []  # it is reported where it is defined
    if "$" in name:
        return []  # a reference, which is reported already
    message = f"unknown block `{name[:64]}`"
    if name in ops():
        return [report(node.span, "ARC112", message, help=f"{name} is an op: write `op: {name}`", cause=message)]
    if not blocks:
        help = f"define it: `blocks: {{{name if NAME.match(name) else 'NAME'}: {{layers: {{…}}}}}}`"
        return [report(node.span, "ARC112", message, help=help, cause=message)]
    lowered = {each.lower(): each for each in [*blocks][:_MOST_COMPARED]}
    close = get_close_matches(name[:64].lower(), lowered, n=1, cutoff=0.6)
    help = f"did you mean `{lowered[close[0]]}`?" if close else f"known blocks: {listed([*blocks])}"
    return [report(node.span, "ARC112", message, help=help, cause=message)]
