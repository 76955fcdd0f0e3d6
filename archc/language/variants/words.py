"""The words of variants: the sections of their specs, the verbs of changes, and an example of each."""

from __future__ import annotations

from typing import Literal

from archc.language.fields import field_names
from archc.language.spec import FAMILY, Spec

SECTIONS = tuple(name for name in field_names(Spec) if name not in FAMILY)
"""The sections that a path can begin with."""
OF_EXTENSION = ("schema", "extends", "name", "title", "change", "expect", "variants")
OF_VARIANT = ("name", "title", "change", "expect")
EVERY = "*"
"""The step of a path that stands for each entry in which the rest of the path is found."""

Verb = Literal["set", "replace", "remove", "insert"]
FORMS: dict[Verb, tuple[str, ...]] = {
    "set": ("to",),
    "replace": ("with",),
    "remove": (),
    "insert": ("after", "before"),
}
"""The verbs, and the fields beside each: all of them, but of those of `insert` one."""
EXAMPLES: dict[Verb, str] = {
    "set": "{set: layers.fc6.units, to: 2048}",
    "replace": "{replace: {op: relu}, with: {op: tanh}}",
    "remove": "{remove: norm1}",
    "insert": "{insert: {relu9: {op: relu}}, after: pool5}",
}
OTHER_WORDS: dict[Verb, tuple[str, ...]] = {
    "remove": ("delete", "del", "drop", "omit", "without", "disable"),
    "insert": ("add", "append", "prepend", "new"),
    "set": ("update", "change", "edit", "modify", "override", "assign", "path", "value"),
    "replace": ("retype", "swap", "substitute", "convert", "rename"),
}
"""What else a verb may be called."""
A_LAYER = "{op: relu}"
"""An example of how a change names layers, and of a layer."""
CHANGE = f"change: [{EXAMPLES['replace']}]"
OPTION = "--set"
"""The name under which the text of a value to try is reported."""
