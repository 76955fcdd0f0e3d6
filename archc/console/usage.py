"""What is meant by an option that a command does not have. Imported only for such an option."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from pydantic import BaseModel

from archc.language.fields import field_names, model_at
from archc.language.mistakes.vocabulary import certain
from archc.language.recipe import Recipe

_CLOSE = 0.8
"""The least similarity of a misspelling: `--optimizer` and `--timeout` have 0.6."""
_OTHER = {
    "--learning-rate": "--lr",
    **dict.fromkeys(("--device", "--devices", "--num-gpus", "--nproc"), "--gpus"),
    **dict.fromkeys(("--dataset", "--train-dir", "--input"), "--data"),
    **dict.fromkeys(("--max-steps", "--iterations"), "--steps"),
    **dict.fromkeys(("--out", "--out-dir", "--output", "--output-dir", "--save-dir", "--logdir"), "--run"),
    **dict.fromkeys(("--dtype", "--amp", "--bf16"), "--precision"),
    **dict.fromkeys(("--checkpoint", "--ckpt"), "--weights"),
    "--json": "--output-format",
}
"""The usual words of other tools."""


def meant_option(option: str, options: Sequence[str], *, command: str | None) -> str | None:
    """What to use instead of an option of a command, in a sentence; None if nothing is likely."""
    name = option.lower()
    if name == "-:":
        return "Write `--` before a variant of standard input: `-- -:NAME`"
    if name in ("--variant", "--set") and command == "diff":
        return "Name a variant as SPEC:NAME"
    if "." in name and "--set" in options:
        return f"Write `--set {option.lstrip('-')}=VALUE` for a value to try"
    if (own := _OTHER.get(name)) in options:
        return f"Did you mean '{own}'?"
    begun = [each for each in options if len(each) > 2 and name.startswith(f"{each}-")]
    if close := begun or get_close_matches(name, options, n=1, cutoff=_CLOSE):
        return f"Did you mean '{close[0]}'?"
    fields = list(dict.fromkeys(_fields(Recipe)))
    field = certain(name.lstrip("-").replace("-", "_"), fields, section=True) if command == "train" else None
    return f"`{field}` is a field of the spec's `train`: `archc explain {field}`" if field else None


def _fields(model: type[BaseModel]) -> Iterator[str]:
    """The fields of a section, and of those in it."""
    for name in field_names(model):
        yield name
        if inner := model_at(model, [name]):
            yield from _fields(inner)
