"""The input of a network in other forms than {name: shape}: with a batch axis, with the channels last, without a name,
or as text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isqrt
from typing import NamedTuple, cast

from archc.diagnostics.finding import Finding, replacement, report
from archc.language.mistakes.edits import entry
from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode, is_bare, plain
from archc.language.spec import SHAPES
from archc.ops.foreign import spelled
from archc.source import Span
from archc.tensor import MOST_AXES, Tensor

_NAMES = {1: "x", 2: "x", 3: "image"}
"""The name to suggest for an input, by the number of its axes."""
_FORMS = {1: "[units]", 2: "[channels, length]", 3: "[channels, height, width]"}
_TOKENS = ("tokens", "vocabulary")
_OTHER_TOKENS = {
    "tokens": ("length", "sequence_length", "seq_len", "max_length", "max_len", "maxlen", "input_length", "token"),
    "vocabulary": ("vocab", "vocab_size", "vocabulary_size", "num_embeddings", "num_tokens", "n_vocab", "words"),
}
_CHANNELS = (1, 3, 4)
"""Channels of a picture: grey, red green blue, and with an alpha."""
_SMALLEST = 8
"""The smallest height of a picture."""
_SMALLEST_UNEQUAL, _MOST_UNEQUAL = 32, 2
"""The same of a picture that is not square, and how often its shorter side fits into the longer one."""
_BATCH = (None, "None", "none", "null", "N", "n", "B", "b", "batch", "batch_size", "?")
_AXES = (("channels", "c", "depth"), ("height", "h", "size", "image_size"), ("width", "w", "size", "image_size"))
_FREE = (None, -1, "None", "none", "null", "?", "*", "H", "h", "W", "w", "L", "T", "any", "height", "width", "length")
"""What is written for a size that is free."""
_SHAPES = ("shape", "dims")
_CERTAIN_AXES = {word for words in _AXES for word in words if word != "depth"}
_TOKENS_WORDS = {word for own, others in _OTHER_TOKENS.items() for word in (own, *others)}
_WORDS = {*(word for words in _AXES for word in words), "name", "shape", "dims", "dim", "type", "dtype", "data_format"}
_ONE = "(?:[0-9]{1,9}|None|null)"
_SIZES = re.compile(rf"[(\[]? ?{_ONE} ?(?:[x×*, ] ?{_ONE}? ?){{1,3}}[)\]]?\Z", re.ASCII)
_BARE = re.compile(r"[(\[]?[0-9]{1,9}(?:\s*,\s*[0-9]{1,9}){2,3}[)\]]?\Z", re.ASCII)
_SIZE = re.compile(r"[0-9]+|None|null")


class Shape(NamedTuple):
    """What a written shape means: the right sizes, why, and whether it can mean nothing else."""

    sizes: list[int]
    notes: list[str]
    certain: bool


def channels_first(sizes: object) -> list[int] | None:
    """The shape with its channels first, if it looks like [height, width, channels]."""
    match sizes:
        case [int(height), int(width), int(channels)] if channels in _CHANNELS:
            short, long = sorted((height, width))
            is_picture = short >= (_SMALLEST if short == long else _SMALLEST_UNEQUAL) and long <= _MOST_UNEQUAL * short
            return [channels, height, width] if is_picture else None
        case _:
            return None


def as_written(sizes: list[int]) -> str:
    return f"[{', '.join(map(str, sizes))}]"


def channels_last(node: YamlNode) -> Finding | None:
    """The advice on an input that is [height, width, channels], as it seems."""
    if not isinstance(node, MappingNode) or len(node.entries) != 1:
        return None
    ((name, value),) = node.entries.items()
    sizes = channels_first(plain(value))
    if sizes is None:
        return None
    right = as_written(sizes)
    channels, height, width = sizes
    message = f"{name[:64]} has {height} maps of {width} × {channels}; its channels seem to come last"
    fix = replacement(value.span, right) if height == width and entry(node, name) else ()
    return report(value.span, "ARC917", message, help=f"did you mean `{right}`?", fix=fix)


def other_input(inputs: Mapping[str, Tensor], read: str, help: str | None, *, needs_maps: bool) -> str | None:
    """The help for a layer that cannot read `read`: another shape of the network's input, if that is at fault.

    A layer that `needs_maps` reads a vector or a sequence; another one reads maps that are too small for it.
    """
    (name, x), *others = inputs.items()
    if not needs_maps:
        right = channels_first(list(x.shape)) if not others else None
        return f"write `input: {{{name}: {as_written(right)}}}`: the channels come first" if right else help
    if read not in inputs:
        return help
    picture = _of_pixels([*inputs[read].shape], [])
    if picture is None:
        return "give the network maps, [channels, height, width], as its input"
    right = f"write `input: {{{read}: {as_written(picture.sizes)}}}` if it is a picture"
    return f"{right}, or {help}" if inputs[read].is_sequence and help else right


class Mended(NamedTuple):
    """The finding on how an input is written, the path of what it is about, and the right value, if it is certain."""

    finding: Finding
    path: tuple[str, ...]
    node: YamlNode | None


def mended_input(node: YamlNode, *, of_pictures: bool) -> list[Mended]:
    """The input, or those of several, in another form than the right one, whose form has a clear meaning.

    A network `of_pictures` reads no vector, so a number alone is the number of values of a picture.
    """
    if not isinstance(node, MappingNode):
        whole = _of_list(node, of_pictures)
    else:
        whole = _bare(node, of_pictures) if node.entries else None
        whole = whole or _of_tokens_alone(node) or _of_fields(node, of_pictures)
    if whole is not None or not isinstance(node, MappingNode):
        return [whole] if whole else []
    entries = [_of_entry(node, name, of_pictures) for name in node.entries]
    return [found for found in entries if found is not None]


def _of_list(node: YamlNode, of_pictures: bool) -> Mended | None:
    """A shape without a name."""
    shape = _shape(sizes_in(node), of_pictures)
    if shape is None:
        return None
    name = _NAMES[len(shape.sizes)]
    text = f"{{{name}: {as_written(shape.sizes)}}}"
    message = f"`input` must be a mapping, got `{_text(node)}`"
    fix = replacement(node.span, text) if shape.certain else ()
    help = f"write `input: {text}`"
    found = report(node.span, "ARC104", message, notes=shape.notes, help=help, fix=fix)
    return Mended(found, ("input",), _input(name, shape, node.span))


def _bare(node: MappingNode, of_pictures: bool) -> Mended | None:
    """A shape without its brackets: in braces, `image: 3, 32, 32` is a field `image` and two without values."""
    name, *others = node.entries
    is_flow = node.span.source.text[node.span.start] == "{"
    if not is_flow or not others or not all(is_bare(node.entries[other]) for other in others):
        return None
    whole = Span(node.span.source, node.entries[name].span.start, node.span.end - 1)
    text = whole.source.text[whole.start : whole.end].strip()
    shape = _shape([int(size) for size in _SIZE.findall(text)], of_pictures) if _BARE.match(text) else None
    if shape is None:
        return None
    right = as_written(shape.sizes)
    note = f"a comma ends the value of `{name[:64]}`"
    message = f"`input.{name[:64]}` is `{_text(node.entries[name])}`: it takes {_FORMS[len(shape.sizes)]}"
    fix = replacement(whole, right) if shape.certain else ()
    found = report(whole, "ARC105", message, notes=[note, *shape.notes], help=f"write `{right}`", fix=fix)
    return Mended(found, ("input",), _input(name, shape, whole))


def _of_fields(node: MappingNode, of_pictures: bool) -> Mended | None:
    """The axes of a shape as fields, or other fields beside a shape."""
    if len(node.entries) == 1 or len(node.entries.keys() - _WORDS) > 1 or all(map(is_right, node.entries.values())):
        return None
    axes = by_axes(node)
    lists = [name for name, value in node.entries.items() if isinstance(value, SequenceNode)]
    shape = _shape(sizes_in(node.entries[lists[0]]), of_pictures) if len(lists) == 1 else None
    if shape is None and axes:
        shape = Shape(axes, [], certain=False)
    if shape is None:
        return None
    name = node.entries.get("name")
    word = name.value if isinstance(name, ScalarNode) and isinstance(name.value, str) else _NAMES[len(shape.sizes)]
    if lists and lists[0] not in _WORDS:
        word = lists[0]
    help = f"write `input: {{{word[:64]}: {as_written(shape.sizes)}}}`"
    message = "each entry of `input` must be the name of an input with its shape"
    found = report(node.span, "ARC105", message, notes=shape.notes, help=help)
    return Mended(found, ("input",), _input(word, shape, node.span))


def _of_entry(node: MappingNode, name: str, of_pictures: bool) -> Mended | None:
    """One input whose shape is in another form."""
    value = node.entries[name]
    if is_right(value):
        return None
    if isinstance(value, MappingNode) and not value.entries.keys().isdisjoint(_TOKENS_WORDS):
        return _of_tokens(name, value)
    if isinstance(value, SequenceNode) and (free := _of_free(name, value)):
        return free
    sizes = sizes_in(value)
    # Of several inputs, one may be a vector beside a picture.
    of_pictures = of_pictures and len(node.entries) == 1
    shape = _of_axes(value, of_pictures) if isinstance(value, MappingNode) else _shape(sizes, of_pictures)
    if shape is None and isinstance(value, MappingNode):
        message = f"`input.{name[:64]}` is a mapping: it takes {SHAPES}"
        return Mended(report(value.span, "ARC105", message), ("input", name), None)
    if shape is None and sizes is not None and len(sizes) == 1 and not isinstance(value, SequenceNode):
        message = f"`input.{name[:64]}` is `{_text(value)}`: it takes {_FORMS[MOST_AXES]}"
        side = sizes[0] if type(sizes[0]) is int and sizes[0] > 1 else 224
        help = f"write `{as_written([3, side, side])}` for colour pictures of {side} × {side}"
        return Mended(report(value.span, "ARC105", message, help=help), ("input", name), None)
    if shape is None:
        return None
    right = as_written(shape.sizes)
    fix = replacement(value.span, right) if shape.certain and entry(node, name) else ()
    message = f"`input.{name[:64]}` is `{_text(value)}`: it takes {_FORMS[len(shape.sizes)]}"
    found = report(value.span, "ARC105", message, notes=shape.notes, help=f"write `{right}`", fix=fix)
    return Mended(found, ("input", name), _sizes(shape, value.span) if shape.certain else None)


def is_right(value: YamlNode) -> bool:
    """Whether an input is written as the language asks for."""
    match value:
        case SequenceNode(items):
            first, *others = items or [value]
            return (
                len(items) <= MOST_AXES
                and _is_count(first)
                and all(_is_count(each) or _is_free(each) for each in others)
            )
        case MappingNode({"tokens": SequenceNode([length]), "vocabulary": vocabulary, **others}):
            return not others and (_is_count(length) or _is_free(length)) and _is_count(vocabulary)
        case _:
            return False


def _is_count(node: YamlNode) -> bool:
    return isinstance(node, ScalarNode) and type(node.value) is int and node.value > 0


def _is_free(node: YamlNode) -> bool:
    return isinstance(node, ScalarNode) and node.value is None


def _of_tokens(name: str, value: MappingNode) -> Mended:
    """Tokens under other words, or with a length that is not a list."""
    right, is_certain = _tokens(value)
    message = f"`input.{name[:64]}` is `{_text(value)}`: tokens take {{tokens: [length], vocabulary: …}}"
    fix = replacement(value.span, right) if is_certain else ()
    return Mended(report(value.span, "ARC105", message, help=f"write `{right}`", fix=fix), ("input", name), None)


def _tokens(value: MappingNode) -> tuple[str, bool]:
    """Tokens as they are written, with `…` for a missing or wrong number, and whether they can mean nothing else."""
    found: dict[str, str] = {}
    for own, others in _OTHER_TOKENS.items():
        written = next((word for word in (own, *others) if word in value.entries), None)
        number = _alone(plain(value.entries[written])) if written else 0
        is_free = own == "tokens" and number in (None, "None")
        found[own] = "null" if is_free else str(number) if type(number) is int and number > 0 else "…"
    right = f"{{tokens: [{found['tokens']}], vocabulary: {found['vocabulary']}}}"
    return right, "…" not in found.values() and len(value.entries) == len(_TOKENS)


def _alone(value: object) -> object:
    """A number that is alone in a list, or not in one."""
    items = cast(list[object], value) if isinstance(value, list) else [value]
    return items[0] if len(items) == 1 else 0


def _of_tokens_alone(node: MappingNode) -> Mended | None:
    """Tokens without a name for the input."""
    if not all(node.entries.keys() & {own, *others} for own, others in _OTHER_TOKENS.items()):
        return None
    right, is_certain = _tokens(node)
    if not is_certain:
        return None
    message = "each entry of `input` must be the name of an input with its shape"
    fix = replacement(node.span, f"{{text: {right}}}") if node.span.source.text[node.span.start] == "{" else ()
    found = report(node.span, "ARC105", message, help=f"write `input: {{text: {right}}}`", fix=fix)
    return Mended(found, ("input",), None)


def _of_free(name: str, value: SequenceNode) -> Mended | None:
    """Free sizes under another word than `null`."""
    sizes = [plain(item) for item in value.items]
    if not 2 <= len(sizes) <= MOST_AXES or type(sizes[0]) is not int or sizes[0] < 1:
        return None
    if not all(size in _FREE or (type(size) is int and size > 0) for size in sizes):
        return None
    right = spelled([size if type(size) is int and size > 0 else None for size in sizes])
    message = f"`input.{name[:64]}` is `{_text(value)}`: a free size is `null`"
    return Mended(report(value.span, "ARC105", message, help=f"write `{right}`"), ("input", name), None)


def _of_axes(node: MappingNode, of_pictures: bool) -> Shape | None:
    """A shape from a mapping with the axes, with the sizes in one field, or with the height alone."""
    if not node.entries.keys() <= _WORDS:
        return None
    if axes := by_axes(node):
        return Shape(axes, [], certain=node.entries.keys() <= _CERTAIN_AXES)
    lists = [
        found
        for word, value in node.entries.items()
        if (found := sizes_in(value)) and (len(found) > 1 or word in _SHAPES)
    ]
    if len(lists) == 1:
        found = _shape(lists[0], of_pictures)
        return found._replace(certain=found.certain and len(node.entries) == 1) if found else None
    sizes = by_axes(node._replace(entries={"channels": ScalarNode(3, node.span), **node.entries}))
    return (
        Shape(sizes, ["the channels come first: 1 for grey pictures, 3 for colour"], certain=False) if sizes else None
    )


def by_axes(node: MappingNode) -> list[int] | None:
    """[channels, height, width] from fields such as `{channels: 3, size: 32}`; None if one is not written."""
    values = [next((plain(node.entries[word]) for word in words if word in node.entries), None) for words in _AXES]
    sizes = [value for value in values if type(value) is int and value > 0]
    return sizes if len(sizes) == len(_AXES) else None


def sizes_in(node: YamlNode) -> list[object] | None:
    """The sizes that a node lists, in a list or in a text such as 3x224x224."""
    match plain(node):
        case [list() as sizes]:  # pyright: ignore[reportUnknownVariableType]
            return [*sizes]  # pyright: ignore[reportUnknownArgumentType]
        case list() as sizes:  # pyright: ignore[reportUnknownVariableType]
            return [*sizes]  # pyright: ignore[reportUnknownArgumentType]
        case str() as text if _SIZES.match(text):
            return [int(size) if size.isdigit() else None for size in _SIZE.findall(text)]
        case int() as size if type(size) is int:
            return [size]
        case _:
            return None


def _shape(sizes: list[object] | None, of_pictures: bool) -> Shape | None:
    """The shape from sizes with a batch, with the channels last or, of pictures, missing."""
    if not sizes or len(sizes) > 4:
        return None
    axes, notes, certain = sizes, list[str](), True
    batch, *others = sizes
    is_open = batch in _BATCH or batch == -1
    if others and (is_open or len(sizes) > MOST_AXES):
        axes = others
        shown = "null" if batch is None else str(batch)
        notes.append(f"drop the {shown}: the batch is not part of the shape")
        if not is_open and type(batch) is not int:
            return None
        certain = is_open or axes[0] in _CHANNELS or axes[-1] in _CHANNELS
    whole = [size for size in axes if type(size) is int and size > 0]
    if len(whole) < len(axes):
        return None
    if len(whole) < MOST_AXES:
        # Of a sequence with a batch, some frameworks have the channels first and others last.
        return _of_pixels(whole, notes) if of_pictures else Shape(whole, notes, len(whole) == 1 or axes is sizes)
    if turned := channels_first(whole):
        certain = certain and (len(sizes) > MOST_AXES or turned[1] == turned[2])
        return Shape(turned, [*notes, "the channels come first"], certain)
    return Shape(whole, notes, certain)


def _of_pixels(whole: list[int], notes: list[str]) -> Shape | None:
    """A shape from height and width, or from a number of values."""
    if len(whole) == 2:
        return Shape([1, *whole], [*notes, "the channels come first: 1 for grey pictures, 3 for colour"], certain=False)
    (count,) = whole
    if count <= max(_CHANNELS):
        return None
    for channels in (1, 3):
        side = isqrt(count // channels)
        if side > 1 and channels * side * side == count:
            return Shape([channels, side, side], [f"{count} = {channels} × {side} × {side}"], certain=False)
    return None


def _sizes(shape: Shape, span: Span) -> SequenceNode:
    return SequenceNode([ScalarNode(size, span) for size in shape.sizes], span)


def _input(name: str, shape: Shape, span: Span) -> MappingNode | None:
    if not shape.certain:
        return None
    return MappingNode({name: _sizes(shape, span)}, {name: ScalarNode(name, span)}, span)


def _text(node: YamlNode) -> str:
    return node.span.source.text[node.span.start : node.span.end].split("\n")[0][:64]
