"""References `$name` that cannot be understood: unknown names, expressions, and places that take none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from archc.diagnostics.finding import Finding, replacement, report
from archc.language.blocks.forms import Block, children, is_stage
from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode
from archc.wording import joined

# What other tools write for a value: `${x}`, `{{x}}`, `$(x)`.
_BRACED = re.compile(r"\$?[{(]\s*([A-Za-z][A-Za-z0-9_]*)\s*[)}]\Z|\$\{\s*([A-Za-z][A-Za-z0-9_]*)\s*\}\Z", re.ASCII)
_TIMES = re.compile(r"\$\{?([A-Za-z][A-Za-z0-9_]*)\}?\s*\*\s*([0-9]{1,9})\Z", re.ASCII)
_NAME = re.compile(r"\$\$?([A-Za-z][A-Za-z0-9_]*)\Z", re.ASCII)
_NAMES = re.compile(r"\$\{?([A-Za-z][A-Za-z0-9_]*)", re.ASCII)
_WHOLE = "a reference is a whole value: `$name`"


def not_a_reference(node: ScalarNode, block: Block | None) -> Finding:
    """The finding for a value with a `$` that is not a name of the block."""
    text = str(node.value)
    shown = f"`{text[:64]}`"
    if block is None:
        message = f"{shown} is not in a block: only a block takes values"
        help = "write the value, or move the layer to a block that lists the name in `takes`"
        return report(node.span, "ARC114", message, help=help)
    if (whole := re.match(r"\$([A-Za-z][A-Za-z0-9_]*)\Z", text, re.ASCII)) is not None:
        return _unknown(node, whole[1], block)
    braced = _BRACED.match(text)
    name = (braced[1] or braced[2]) if braced else None
    doubled = _NAME.match(text)
    name = name or (doubled[1] if doubled else None)
    if name is not None:
        fix = replacement(node.span, f"${name}") if name in block.takes else ()
        return report(node.span, "ARC114", f"{shown} is not a reference", help=f"write `${name}`", fix=fix)
    used = [name for name in _NAMES.findall(text) if name in block.takes]
    message = f"{shown} is an expression; archc/v1 has none" if used else f"{shown} is not a reference"
    note = f"{_WHOLE}" if used else ""
    times = _TIMES.match(text)
    if times:
        help = (
            f"take the product as a value of its own: `takes: [{times[1]}, {times[1]}_{times[2]}]`; "
            f"`{{times: {times[2]}}}` is {times[2]} times the maps that a layer reads"
        )
    elif used:
        help = "take the result as a value of its own, and list its name in `takes`"
    else:
        help = (
            f"write `$` and a name of `takes`: {', '.join(f'`${name}`' for name in block.takes) or 'there is none yet'}"
        )
    return report(node.span, "ARC114", message, notes=[note], help=help)


def _unknown(node: ScalarNode, name: str, block: Block) -> Finding:
    message = f"unknown name `${name[:64]}`: block {block.name} does not take it"
    close = get_close_matches(name[:64], block.takes, n=1, cutoff=0.6)
    if close:
        return report(node.span, "ARC114", message, help=f"did you mean `${close[0]}`?")
    names = [*block.takes, name[:64]]
    return report(node.span, "ARC114", message, help=f"add it: `takes: [{', '.join(names)}]`", cause=message)


def not_here(word: str, node: YamlNode) -> Finding:
    """The finding for a reference as a name of a block or of a layer."""
    if word == "block":
        message = "`block` takes the name of a block, not a reference"
        return report(node.span, "ARC114", message, help="write the name; define one block for each")
    message = "`from` takes names of the block's own layers, not references"
    help = "list what the block reads in `from` at the call, and read `input` here, or `input.0`, `input.1`"
    return report(node.span, "ARC114", message, help=help)


def not_a_key(key: ScalarNode) -> Finding:
    """The finding for a reference in the place of a name of a layer or of a field."""
    message = f"`{str(key.value)[:64]}` is a name here, and a reference stands only for a value"
    return report(key.span, "ARC114", message, help="write the name itself; define one block for each name")


def in_default(node: ScalarNode) -> Finding:
    """The finding for a reference in a default of `takes`."""
    message = f"`{str(node.value)[:64]}` is in a default, which cannot refer to other names"
    return report(node.span, "ARC114", message, help="write the value, or delete the default")


def unused_parameter(block: Block, name: str) -> tuple[Finding, list[str]]:
    """The finding for a name that a block takes and does not use, and the layers that have it without its `$`."""
    message = f"block {block.name} takes `{name[:64]}`, but never uses it"
    help = f"write `${name[:64]}` where the value is needed, or delete {name[:64]} from `takes`"
    words = {path: word for path, body in _bodies(block.layers, "") if (word := _word_in(body, name))}
    if words:
        help = f"write `${name[:64]}` in {joined([*words])}"
    related = [(word.span, f"`{name[:64]}` is a word here") for word in words.values()]
    return report(block.names[name], "ARC115", message, help=help, related=related), [*words]


def _bodies(layers: YamlNode, path: str) -> Iterator[tuple[str, MappingNode]]:
    """The layers of a block by their places, those of stages included."""
    for place, body, _ in children(layers, path):
        if is_stage(body):
            yield from _bodies(body, place)
        elif isinstance(body, MappingNode):
            yield place, body


def _word_in(node: YamlNode, word: str) -> ScalarNode | None:
    """The first value of a layer's fields that is a word."""
    match node:
        case ScalarNode():
            return node if node.value == word else None
        case SequenceNode():
            values = node.items
        case MappingNode():
            values = [value for name, value in node.entries.items() if name not in ("op", "block", "from")]
    return next((found for value in values if (found := _word_in(value, word))), None)
