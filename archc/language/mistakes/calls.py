"""Calls of a block with wrong arguments or a wrong number of repetitions."""

from __future__ import annotations

from difflib import get_close_matches

from archc.diagnostics.finding import Finding, replacement, report, respelling
from archc.language.blocks.forms import CALL, Block, references, referred
from archc.language.comments import content_start
from archc.language.mistakes.edits import inline
from archc.language.mistakes.vocabulary import certain, nearest
from archc.language.reader import MAX_ENTRIES, MappingNode, ScalarNode, SequenceNode, YamlNode, plain
from archc.language.recipe_words import OF_SECTIONS
from archc.source import Span

_REPEAT = (
    "repeats",
    "n",
    "num",
    "times",
    "count",
    "number",
    "num_layers",
    "depth",
    "copies",
    "repetitions",
    "num_blocks",
)
_NESTED = ("with", "args", "arguments", "params", "parameters", "kwargs")


def wrong_arguments(block: Block, path: str, body: MappingNode, lacking: list[str], key: Span) -> list[Finding]:
    """The findings on arguments that a block does not take, and on those that are missing."""
    findings: list[Finding] = []
    missing = list(lacking)
    for word in body.entries:
        if word in CALL or word in block.takes or word in block.refused:
            continue
        finding, meant = _unknown(block, word, body, missing)
        findings.append(finding)
        missing = [name for name in missing if name not in meant]
    related = [(block.names[name], f"block {block.name} takes it") for name in missing[:1]]
    if missing:
        names = " and ".join(f"`{name}`" for name in missing)
        message = f"{path} needs {names}, which block {block.name} takes"
        help = f"add {', '.join(f'`{name}: …`' for name in missing)}"
        findings.append(report(_start(body, key), "ARC103", message, help=help, related=related))
    return findings


def split_call(call: MappingNode, item: MappingNode) -> Finding:
    """The finding for a call whose arguments are an item of their own."""
    whole = f"{{{inline(call)[1:-1]}, {inline(item)[1:-1]}}}"
    message = "an item of a stage is a layer, and this one has no `op` or `block`"
    help = f"write the arguments beside `block`: `{whole[:120]}`"
    return report(next(iter(item.keys.values())).span, "ARC103", message, help=help)


def _start(body: MappingNode, key: Span) -> Span:
    return body.entries["block"].span if body.entries["block"].span.start >= key.end else key


def _unknown(block: Block, word: str, body: MappingNode, lacking: list[str]) -> tuple[Finding, list[str]]:
    """The finding on an argument that the block does not take, and the names that it must mean."""
    key = body.keys[word].span
    message = f"unknown field `{word[:64]}`: block {block.name} does not take it"
    value = body.entries[word]
    if word.lower() in _NESTED and isinstance(value, MappingNode):
        names = [name for name in value.entries if name in block.takes]
        help = f"write the arguments beside `block`: {', '.join(f'`{name}: …`' for name in names or ['filters'])}"
        return report(key, "ARC101", message, help=help), names
    if word.lower() in _REPEAT and "repeat" not in body.entries and type(plain(value)) is int:
        return report(key, "ARC101", message, help="did you mean `repeat`?", fix=respelling(key, "repeat")), []
    if word in OF_SECTIONS["from"] and "from" not in body.entries and not isinstance(value, MappingNode):
        return report(key, "ARC101", message, help="did you mean `from`?", fix=respelling(key, "from")), []
    taken = [name for name in block.takes if name not in body.entries]
    near = get_close_matches(word[:64], [*taken, *CALL], n=1, cutoff=0.75)
    own = certain(word, taken) or nearest(word, taken) or (near[0] if near else _of_field(block, word, taken))
    if own is not None and own not in body.entries:
        fix = respelling(key, own) if certain(word, taken) == own else ()
        return report(key, "ARC101", message, help=f"did you mean `{own}`?", fix=fix), [own]
    takes = ", ".join(block.takes) or "nothing"
    help = f"delete it, or add it to `takes`: block {block.name} takes {takes}"
    return report(key, "ARC101", message, help=help, related=[(block.key, "defined here")]), []


def _of_field(block: Block, word: str, taken: list[str]) -> str | None:
    """The one name that the block gives the field that a word means, such as `d` of `dilation: $d`."""
    found = [name for name in taken if nearest(word, _fields_of(block.layers, name))]
    return found[0] if len(found) == 1 else None


def _fields_of(node: YamlNode, name: str) -> set[str]:
    """The fields of a block's layers to which it gives the value of a name."""
    match node:
        case MappingNode():
            given = {key for key, value in node.entries.items() if name in map(referred, references(value))}
            own = {key for key in given if not isinstance(node.entries[key], MappingNode)}
            return own.union(*(_fields_of(value, name) for value in node.entries.values()))
        case SequenceNode():
            return set[str]().union(*(_fields_of(item, name) for item in node.items))
        case ScalarNode():
            return set()


def wrong_repeat(node: YamlNode) -> Finding:
    """The finding on a `repeat` that is not a number of repetitions."""
    value = plain(node)
    if isinstance(value, float) and value.is_integer() and value > MAX_ENTRIES:
        value = int(value)
    if type(value) is int and value > MAX_ENTRIES:
        message = f"`repeat` is {value:,}; the limit is {MAX_ENTRIES:,} layers"
        return report(node.span, "ARC003", message, help="describe a smaller network")
    if type(value) is int:
        return report(
            node.span,
            "ARC105",
            f"`repeat` must be at least 1, got {value}",
            help="delete the layer, or repeat it once or more",
        )
    if isinstance(value, float) and value.is_integer() and 1 <= value <= MAX_ENTRIES:
        whole = str(int(value))
        return report(
            node.span,
            "ARC104",
            f"`repeat` must be an integer, got {value:g}",
            help=f"write `repeat: {whole}`",
            fix=replacement(node.span, whole),
        )
    if isinstance(value, str) and value.isascii() and value.isdigit() and 1 <= int(value[:9]) <= MAX_ENTRIES:
        fix = replacement(node.span, value)
        return report(
            node.span,
            "ARC104",
            f'`repeat` must be an integer, got the string "{value}"',
            help=f"write `repeat: {value}`",
            fix=fix,
        )
    kind = (
        "a list or a mapping"
        if not isinstance(node, ScalarNode)
        else f"`{node.span.source.text[content_start(node.span) : node.span.end][:64]}`"
        if value is not None
        else "nothing"
    )
    return report(node.span, "ARC104", f"`repeat` must be an integer, got {kind}", help="write `repeat: 2`")
