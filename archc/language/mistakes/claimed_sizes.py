"""What an article states beside a layer, as a field of it: the shape of its output, or what it counts."""

from __future__ import annotations

from archc.language.fields import Place
from archc.language.mistakes.expected_shapes import sizes_of
from archc.language.mistakes.input_forms import as_written
from archc.language.mistakes.vocabulary import folded
from archc.language.reader import ScalarNode, SequenceNode, YamlNode
from archc.ops.op import Op

_SHAPES = "output outputshape outputsize outputdim outputdims out outshape outsize shape dims resultshape".split()
_COUNTS = "params parameters nparams numparams numparameters totalparams paramcount macs madds multadds flops".split()


def claimed(word: str, place: Place) -> str | None:
    """The help for a field that gives the size of a layer, which archc infers; None for any other field."""
    node = place.mapping.entries.get(word)
    if "expect" not in place.also or node is None:
        return None
    if folded(word) in _COUNTS and isinstance(node, ScalarNode) and any(map(str.isdigit, str(node.value))):
        return f"delete `{word}`: archc counts it; `expect:` at the top of the spec gives the network's totals"
    sizes = sizes_of(node) if folded(word) in _SHAPES else None
    # One number can be the maps or units of the layer, and two can be a size to resize to.
    if not sizes or len(sizes) == 2 or (len(sizes) == 1 and _may_be_width(node, place)):
        return None
    if "expect" in place.mapping.entries:
        return f"delete `{word}`: `expect` gives the shape"
    is_last = len(sizes) == 3 and sizes[0] == sizes[1] != sizes[2]
    right, order = ([sizes[2], *sizes[:2]], ": the channels come first") if is_last else (sizes, "")
    return f"write `expect: {as_written(right)}`{order}"


def _may_be_width(node: YamlNode, place: Place) -> bool:
    """Whether one number may be the layer's own number of filters or units."""
    field = place.model.channels_field if issubclass(place.model, Op) else None
    return not isinstance(node, SequenceNode) or (field is not None and field not in place.mapping.entries)
