"""The input of a network in other forms than {name: [channels, height, width]}: with a batch axis, with the channels
last, without a name, or as text.
"""

from __future__ import annotations

import re
from math import isqrt
from typing import NamedTuple

from archc.diagnostics.finding import Finding, replacement, report
from archc.language.mistakes.edits import entry, inline
from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode, is_bare, plain
from archc.source import Span

_NAME = "image"
_CHANNELS = (1, 3, 4)
"""Channels of a picture: grey, red green blue, and with an alpha."""
_SMALLEST = 8
"""The smallest height of a picture."""
_SMALLEST_UNEQUAL, _MOST_UNEQUAL = 32, 2
"""The same of a picture that is not square, and how often its shorter side fits into the longer one."""
_BATCH = (None, "None", "none", "null", "N", "n", "B", "b", "batch", "batch_size", "?")
_AXES = (("channels", "c", "depth"), ("height", "h", "size", "image_size"), ("width", "w", "size", "image_size"))
_CERTAIN_AXES = {word for words in _AXES for word in words if word != "depth"}
_WORDS = {*(word for words in _AXES for word in words), "name", "shape", "dims", "dim", "type", "dtype", "data_format"}
_SIZES = re.compile(r"[(\[]? ?(?:[0-9]{1,9}|None|null) ?(?:[x×*, ] ?(?:[0-9]{1,9}|None|null) ?){1,3}[)\]]?\Z", re.ASCII)
_BARE = re.compile(r"[(\[]?[0-9]{1,9}(?:\s*,\s*[0-9]{1,9}){2,3}[)\]]?\Z", re.ASCII)
_SIZE = re.compile(r"[0-9]+|None|null")


class Shape(NamedTuple):
    """What a written shape means: [channels, height, width], why, and whether it can mean nothing else."""

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


class Mended(NamedTuple):
    """The finding on how an input is written, the path of what it is about, and the right input, if it is certain."""

    finding: Finding
    path: tuple[str, ...]
    node: YamlNode | None
    is_vector: bool = False


def mended_input(node: YamlNode, *, of_pictures: bool) -> Mended | None:
    """An input in another form than the right one; None if it is right, or its form has no clear meaning.

    A network `of_pictures` takes no vector, so a number alone is not the length of one.
    """
    found = _of_mapping(node) if isinstance(node, MappingNode) else _of_list(node)
    is_vector = of_pictures and found is not None and found.is_vector
    return None if is_vector else found


def _of_list(node: YamlNode) -> Mended | None:
    """A shape without a name."""
    shape = _shape(sizes_in(node))
    if shape is None:
        return None
    text = f"{{{_NAME}: {as_written(shape.sizes)}}}"
    message = f"`input` must be a mapping, got `{_text(node)}`"
    fix = replacement(node.span, text) if shape.certain else ()
    help = f"write `input: {text}`"
    found = report(node.span, "ARC104", message, notes=shape.notes, help=help, fix=fix)
    return Mended(found, ("input",), _input(_NAME, shape, node.span), _is_vector(shape))


def _bare(node: MappingNode) -> Mended | None:
    """A shape without its brackets: in braces, `image: 3, 32, 32` is a field `image` and two without values."""
    name, *others = node.entries
    is_flow = node.span.source.text[node.span.start] == "{"
    if not is_flow or not others or not all(is_bare(node.entries[other]) for other in others):
        return None
    whole = Span(node.span.source, node.entries[name].span.start, node.span.end - 1)
    text = whole.source.text[whole.start : whole.end].strip()
    shape = _shape([int(size) for size in _SIZE.findall(text)]) if _BARE.match(text) else None
    if shape is None:
        return None
    right = as_written(shape.sizes)
    note = f"a comma ends the value of `{name[:64]}`"
    message = f"`input.{name[:64]}` is `{_text(node.entries[name])}`: it takes [channels, height, width]"
    fix = replacement(whole, right) if shape.certain else ()
    found = report(whole, "ARC105", message, notes=[note, *shape.notes], help=f"write `{right}`", fix=fix)
    return Mended(found, ("input",), _input(name, shape, whole))


def _of_mapping(node: MappingNode) -> Mended | None:
    """A shape with a batch, or as text, or its axes as fields."""
    if node.entries and (bare := _bare(node)):
        return bare
    if len(node.entries) == 1:
        ((name, value),) = node.entries.items()
        sizes = sizes_in(value)
        shape = _of_axes(value) if isinstance(value, MappingNode) else _shape(sizes)
        if shape is None or (isinstance(value, SequenceNode) and sizes is not None and len(sizes) == 3):
            return None
        right = as_written(shape.sizes)
        fix = replacement(value.span, right) if shape.certain and entry(node, name) else ()
        message = f"`input.{name[:64]}` is `{_text(value)}`: it takes [channels, height, width]"
        found = report(value.span, "ARC105", message, notes=shape.notes, help=f"write `{right}`", fix=fix)
        return Mended(found, ("input", name), _input(name, shape, value.span), _is_vector(shape))
    if len(node.entries.keys() - _WORDS) > 1:
        return _several(node)
    axes = by_axes(node)
    lists = [name for name, value in node.entries.items() if isinstance(value, SequenceNode)]
    shape = _shape(sizes_in(node.entries[lists[0]])) if len(lists) == 1 else None
    if shape is None and axes:
        shape = Shape(axes, [], certain=False)
    if shape is None:
        return None
    name = node.entries.get("name")
    word = name.value if isinstance(name, ScalarNode) and isinstance(name.value, str) else _NAME
    if lists and lists[0] not in _WORDS:
        word = lists[0]
    help = f"write `input: {{{word[:64]}: {as_written(shape.sizes)}}}`"
    message = "`input` must have one entry, its name with its shape"
    found = report(node.span, "ARC105", message, notes=shape.notes, help=help)
    return Mended(found, ("input",), _input(word, shape, node.span))


def _several(node: MappingNode) -> Mended | None:
    """Several inputs, each with its shape."""
    if not all(isinstance(value, SequenceNode) for value in node.entries.values()):
        return None
    first, *others = node.keys.values()
    message = f"`input` has {len(node.entries)} inputs, but a network has one input so far"
    help = f"keep one of them, such as `input: {{{first.value}: {inline(node.entries[str(first.value)])[:64]}}}`"
    related = [(key.span, "") for key in others[:1]]
    return Mended(report(node.span, "ARC105", message, help=help, related=related), ("input",), None)


def _of_axes(node: MappingNode) -> Shape | None:
    """A shape from a mapping with the axes, with the sizes in one field, or with the height alone."""
    if not node.entries.keys() <= _WORDS:
        return None
    if axes := by_axes(node):
        return Shape(axes, [], certain=node.entries.keys() <= _CERTAIN_AXES)
    lists = [found for value in node.entries.values() if (found := sizes_in(value)) and len(found) > 1]
    if len(lists) == 1:
        found = _shape(lists[0])
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


def _shape(sizes: list[object] | None) -> Shape | None:
    """[channels, height, width] from sizes with a batch, with the channels last or missing."""
    if not sizes or len(sizes) > 4:
        return None
    axes, notes, certain = sizes, list[str](), True
    if len(sizes) == 4:
        batch, *axes = sizes
        is_open = batch in _BATCH or batch == -1
        shown = "null" if batch is None else str(batch)
        notes.append(f"drop the {shown}: the batch is not part of the shape")
        if not is_open and type(batch) is not int:
            return None
        certain = is_open or axes[0] in _CHANNELS or axes[-1] in _CHANNELS
    whole = [size for size in axes if type(size) is int and size > 0]
    if len(whole) < len(axes):
        return None
    if len(whole) < 3:
        return _of_pixels(whole, notes)
    if turned := channels_first(whole):
        certain = certain and (len(sizes) == 4 or turned[1] == turned[2])
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
    return Shape([count, 1, 1], [f"a vector of {count} values is {count} maps of 1 × 1"], certain=False)


def _is_vector(shape: Shape) -> bool:
    return shape.sizes[1:] == [1, 1]


def _input(name: str, shape: Shape, span: Span) -> MappingNode | None:
    if not shape.certain:
        return None
    sizes = SequenceNode([ScalarNode(size, span) for size in shape.sizes], span)
    return MappingNode({name: sizes}, {name: ScalarNode(name, span)}, span)


def _text(node: YamlNode) -> str:
    return node.span.source.text[node.span.start : node.span.end].split("\n")[0][:64]
