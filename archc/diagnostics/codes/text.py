"""0xx: the text and its YAML."""

from __future__ import annotations

from archc.diagnostics.codes.code import Code
from archc.example import HEAD

TEXT: dict[str, Code] = {
    "ARC001": Code(
        title="the text is not UTF-8",
        meaning="A spec is UTF-8 text, with or without a byte order mark. Save it as UTF-8 in your editor.",
        failing="title: Café\n".encode("latin-1") + HEAD.encode() + b"  relu1: {op: relu}\n",
        corrected="title: Café\n" + HEAD + "  relu1: {op: relu}\n",
    ),
    "ARC002": Code(
        title="a character that does not belong in a text",
        meaning="NUL and the other control characters, apart from tab and line breaks, make a text look different "
        "from what it says. So do U+202A to U+202E and U+2066 to U+2069, which turn the order of writing, and U+0085, "
        "U+2028 and U+2029, which are line breaks to some readers only: in names, strings and comments alike. "
        "Delete the character, or write it as an escape in a double-quoted string.",
        failing=HEAD + "  relu1: {op: relu\x00}\n",
        corrected=HEAD + "  relu1: {op: relu}\n",
    ),
    "ARC003": Code(
        title="beyond a limit",
        meaning="A spec is untrusted input, so it has limits: 8 MiB of text, 64 levels of nesting, 100,000 layers or "
        "other entries of one mapping or list, 1,000,000 values in all, 4,096 characters a value. Of more than 1,000 "
        "findings the first are shown.",
        failing=HEAD + "  relu1: {op: " + "[" * 64 + "relu" + "]" * 64 + "}\n",
        corrected=HEAD + "  relu1: {op: relu}\n",
    ),
    "ARC004": Code(
        title="not YAML",
        meaning="The text does not follow the YAML grammar at the place shown. Often a colon without a space after "
        "it, a bracket that is not closed, or a tab used for indentation.",
        failing=HEAD + "  relu1: {op: relu\n  relu2: {op: relu}\n",
        corrected=HEAD + "  relu1: {op: relu}\n  relu2: {op: relu}\n",
    ),
    "ARC005": Code(
        title="a key stands twice",
        meaning="YAML readers differ on which of two equal keys counts, and most drop one in silence. "
        "In archc each name is written once; two layers need two names.",
        failing=HEAD + "  relu1: {op: relu}\n  relu1: {op: tanh}\n",
        corrected=HEAD + "  relu1: {op: relu}\n  tanh1: {op: tanh}\n",
    ),
    "ARC006": Code(
        title="YAML that archc/v1 leaves out",
        meaning="Tags, complex keys, merge keys (`<<`) and second documents are no part of archc/v1: each lets one "
        "text mean two things to two readers. Anchors and aliases are allowed.",
        failing=HEAD + "  drop1: &drop {op: dropout, rate: 0.5}\n  drop2: {<<: *drop}\n",
        corrected=HEAD + "  drop1: &drop {op: dropout, rate: 0.5}\n  drop2: *drop\n",
    ),
    "ARC007": Code(
        title="a number that cannot be used",
        meaning="Numbers in a spec are finite and fit 64 bits. `.nan`, `.inf`, `1e400` and integers of hundreds of "
        "digits have no meaning in an architecture.",
        failing=HEAD + "  drop1: {op: dropout, rate: .nan}\n",
        corrected=HEAD + "  drop1: {op: dropout, rate: 0.5}\n",
    ),
    "ARC008": Code(
        title="an alias that leads nowhere",
        meaning="An alias `*name` repeats what `&name` marked before it. It cannot stand inside what it repeats, "
        "and all aliases together may only expand to a limited size.",
        failing=HEAD + "  drop1: {op: dropout, rate: 0.5}\n  drop2: *drop\n",
        corrected=HEAD + "  drop1: &drop {op: dropout, rate: 0.5}\n  drop2: *drop\n",
    ),
}
