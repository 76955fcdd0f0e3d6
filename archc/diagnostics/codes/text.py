"""0xx: the text of a spec, and its YAML."""

from __future__ import annotations

from archc.diagnostics.codes.code import Code
from archc.example import HEAD

TEXT: dict[str, Code] = {
    "ARC001": Code(
        title="invalid UTF-8",
        meaning="A spec is UTF-8 text, with or without a byte order mark. This one contains a byte sequence that is "
        "not valid UTF-8. Save it as UTF-8 in your editor.",
        failing="title: Café\n".encode("latin-1") + HEAD.encode() + b"  relu1: {op: relu}\n",
        corrected="title: Café\n" + HEAD + "  relu1: {op: relu}\n",
    ),
    "ARC002": Code(
        title="disallowed character",
        meaning="A spec cannot contain characters that make it display differently from how archc reads it: control "
        "characters other than tab and line breaks, the bidirectional controls U+202A to U+202E and U+2066 to "
        "U+2069, and U+0085, U+2028 and U+2029, which only some programs treat as line breaks. This applies to "
        "strings and comments too. Delete the character, or write it as an escape in a double-quoted string.",
        failing=HEAD + "  relu1: {op: relu\x00}\n",
        corrected=HEAD + "  relu1: {op: relu}\n",
    ),
    "ARC003": Code(
        title="limit exceeded",
        meaning="A spec may come from an untrusted source, so its size is limited: 8 MiB of text, 64 levels of "
        "nesting, 100,000 layers or other entries in one mapping or list, 1,000,000 values in total, 4,096 "
        "characters per value. If a spec with errors has more than 1,000 findings, only the first are shown. "
        "Describe a smaller network; also check for an unclosed bracket or quote.",
        failing=HEAD + "  relu1: {op: " + "[" * 64 + "relu" + "]" * 64 + "}\n",
        corrected=HEAD + "  relu1: {op: relu}\n",
    ),
    "ARC004": Code(
        title="invalid YAML",
        meaning="The text breaks the YAML grammar at the marked position. Common causes are a colon without a space "
        "after it, an unclosed bracket and a tab used for indentation.",
        failing=HEAD + "  relu1: {op: relu\n  relu2: {op: relu}\n",
        corrected=HEAD + "  relu1: {op: relu}\n  relu2: {op: relu}\n",
    ),
    "ARC005": Code(
        title="duplicate key",
        meaning="A mapping contains the same key twice. YAML readers disagree on which of the two counts, and most "
        "drop one without a warning. Rename one of them or delete it: two layers need two names.",
        failing=HEAD + "  relu1: {op: relu}\n  relu1: {op: tanh}\n",
        corrected=HEAD + "  relu1: {op: relu}\n  tanh1: {op: tanh}\n",
    ),
    "ARC006": Code(
        title="unsupported YAML feature",
        meaning="archc/v1 does not support tags, complex keys, merge keys (`<<`) and multiple documents, because "
        "YAML readers interpret them differently. Anchors and aliases are supported. Write the fields out, or "
        "share them through `defaults:`.",
        failing=HEAD + "  drop1: &drop {op: dropout, rate: 0.5}\n  drop2: {<<: *drop}\n",
        corrected=HEAD + "  drop1: &drop {op: dropout, rate: 0.5}\n  drop2: *drop\n",
    ),
    "ARC007": Code(
        title="unsupported number",
        meaning="A number in a spec must be finite, and an integer has at most 18 digits: `.nan`, `.inf` and `1e400` "
        "are errors. Write another number, or put the value in quotes if it is text.",
        failing=HEAD + "  drop1: {op: dropout, rate: .nan}\n",
        corrected=HEAD + "  drop1: {op: dropout, rate: 0.5}\n",
    ),
    "ARC008": Code(
        title="invalid alias",
        meaning="An alias `*name` repeats the value that an earlier anchor `&name` marks. The anchor must exist, "
        "and the alias cannot be inside the value that it repeats. The values that aliases repeat count towards the "
        "limits of ARC003. Add the anchor, or put the value in quotes if it is text.",
        failing=HEAD + "  drop1: {op: dropout, rate: 0.5}\n  drop2: *drop\n",
        corrected=HEAD + "  drop1: &drop {op: dropout, rate: 0.5}\n  drop2: *drop\n",
    ),
}
