"""The registry of codes: what each finding means, in the words of `archc explain`.

Families: 0xx text and YAML, 1xx fields and names, 2xx shapes, 3xx expectations, 4xx placement,
5xx what a backend cannot do, 9xx advice. A code, once published, keeps its meaning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Code:
    """A kind of finding: its one-line title and what a person should know about it."""

    title: str
    meaning: str
    severity: Literal["error", "advice"] = "error"


CODES: dict[str, Code] = {
    "ARC001": Code(
        "the text is not UTF-8",
        "A spec is UTF-8 text, with or without a byte order mark. Save it as UTF-8 in your editor.",
    ),
    "ARC002": Code(
        "a character that does not belong in a text",
        "NUL and the other control characters, apart from tab and line breaks, make a text look different from what "
        "it says. Delete the character, or write it as an escape in a double-quoted string.",
    ),
    "ARC003": Code(
        "beyond a limit",
        "A spec is untrusted input, so its size, nesting and number of nodes have documented limits: "
        "see archc/yaml_reader.py.",
    ),
    "ARC004": Code(
        "not YAML",
        "The text does not follow the YAML grammar at the place shown. Often a colon without a space after it, a "
        "bracket that is not closed, or a tab used for indentation.",
    ),
    "ARC005": Code(
        "a key stands twice",
        "YAML readers differ on which of two equal keys counts, and most drop one in silence. "
        "In archc each name is written once; two layers need two names.",
    ),
    "ARC006": Code(
        "YAML that archc/v1 leaves out",
        "Tags, complex keys, merge keys (`<<`) and second documents are no part of archc/v1: each lets one text mean "
        "two things to two readers. Anchors and aliases are allowed.",
    ),
    "ARC007": Code(
        "a number that cannot be used",
        "Numbers in a spec are finite and fit 64 bits. `.nan`, `.inf`, `1e400` and integers of hundreds of digits "
        "have no meaning in an architecture.",
    ),
    "ARC008": Code(
        "an alias that leads nowhere",
        "An alias `*name` repeats what `&name` marked before it. It cannot stand inside what it repeats, "
        "and all aliases together may only expand to a limited size.",
    ),
    "ARC101": Code(
        "unknown field",
        "Fields are a closed set: a misspelt field that is silently ignored would train another network. "
        "The message names the nearest field of that place.",
    ),
    "ARC102": Code(
        "unknown op",
        "Ops are a closed set. The words of other frameworks are understood well enough to name archc's own: "
        "`linear` is `dense`, `Conv2D` is `conv2d`.",
    ),
    "ARC103": Code(
        "a field is missing",
        "The field changes the network and no value of it is the obvious one, so archc does not guess. "
        "A pool's stride, a dropout's rate and an lrn's four figures have no default.",
    ),
    "ARC104": Code(
        "the wrong kind of value",
        "The field takes another type. Scalars follow YAML 1.2: `1e-4` is a number, `no` is a string, `010` is ten.",
    ),
    "ARC105": Code(
        "a value outside what the field takes",
        "The value has the right type but is not one of the words, or not in the range, that the field allows.",
    ),
    "ARC106": Code(
        "a name that cannot be used",
        "Names are ASCII: a letter, then letters, digits and underscores, at most 64 in all. "
        "They become names in emitted source.",
    ),
    "ARC107": Code(
        "a layer reads one that is not there",
        "`from:` names layers that stand before this one, or the input. Layers are written in the order in which "
        "they are computed, so a later layer cannot be read.",
    ),
    "ARC108": Code(
        "the wrong number of inputs",
        "`add` and `concat` read two or more layers, given as a list in `from:`; every other op reads exactly one.",
    ),
    "ARC109": Code(
        "the recipe does not fit the network",
        "`train:` must suit the input and outputs of the network: pictures are cropped to exactly the input's "
        "height and width, and cannot be cropped larger than they were resized to.",
    ),
    "ARC110": Code(
        "a layer that nobody reads",
        "The spec lists its `outputs:`, and this layer is none and leads to none: it would be computed for nothing.",
    ),
    "ARC201": Code(
        "the window is larger than its input",
        "The output of a window op has (N - F + 2P) / S + 1 places in each direction, where the F of a dilated kernel "
        "is D (F - 1) + 1. When F exceeds N + 2P there is no place to put the window.",
    ),
    "ARC202": Code(
        "dense reads a vector",
        "A dense layer multiplies a vector. Maps of C x H x W must be flattened first, in an order that the spec "
        "then states. Add `flat: {op: flatten}` before it.",
    ),
    "ARC203": Code(
        "the op reads maps, its input is a vector",
        "Convolutions, pools and local response normalisation need channels, height and width. "
        "They stand before the flatten.",
    ),
    "ARC204": Code(
        "inputs of unequal shape",
        "`add` needs equal shapes; `concat` joins channels, so height and width must be equal.",
    ),
    "ARC205": Code(
        "an output too large to be meant",
        "No tensor of a spec may hold more than 2^40 values, and no layer more than 2^40 parameters.",
    ),
    "ARC206": Code(
        "two softmaxes in a row",
        "A softmax of a softmax flattens the distribution towards uniform: with 1000 classes the largest possible "
        "probability becomes 0.27 %. Keep the last one.",
    ),
    "ARC210": Code(
        "filters or maps do not split into the groups",
        "A convolution in G groups gives each group 1/G of the input maps and 1/G of the filters. "
        "Both counts must be multiples of G.",
    ),
    "ARC301": Code(
        "the output is not what the layer expects",
        "`expect:` on a layer states its output shape without the batch axis. The arithmetic shown is how archc "
        "arrived at another one: either a field before this line or the expectation is wrong.",
    ),
    "ARC302": Code(
        "a total is not what the spec expects",
        "`expect:` at the top level states totals. The difference and the layers with the most are shown; "
        "a group count or a forgotten layer is the usual cause.",
    ),
    "ARC303": Code(
        "the exchanges are not what the spec expects",
        "`exchanges` lists the layers that, with the network split over the devices by columns, must gather maps or "
        "units from other devices before they can compute.",
    ),
    "ARC401": Code(
        "a layer does not split over the devices",
        "By columns, every tensor's maps or units are held in equal contiguous parts, one a device. "
        "Their number must be a multiple of the devices.",
    ),
    "ARC501": Code(
        "the backend cannot express this",
        "The network is valid, but the backend's framework has no faithful way to compute it.",
    ),
    "ARC901": Code(
        "an initialisation left to the default",
        "PyTorch and Keras initialise differently when nothing is written, so archc draws He-normal weights and zero "
        "biases in every backend. Write `weight_init` to make it your decision.",
        "advice",
    ),
    "ARC902": Code(
        "rounding drops input that was never read",
        "The size rule did not come out whole and was rounded down, so the last rows and columns are covered by no "
        "window. Choose another size, padding, or `rounding: ceil`.",
        "advice",
    ),
}
