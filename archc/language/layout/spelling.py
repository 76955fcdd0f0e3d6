"""How a scalar is written: as it stands where it can, in quotes only where it needs them."""

from __future__ import annotations

import re

from archc.language.reader import Value

_FLOW_INDICATOR = re.compile(r"[,\[\]{}]")
_LINE_OR_TAB = re.compile("[\t\n\x85\u2028\u2029]")
# What YAML 1.1 or 1.2 takes for another type, or might: it stays in quotes.
_OTHER_TYPE = re.compile(r"(?i:y|yes|n|no|on|off|true|false|null)\Z|[0-9][0-9a-f.,:_exotz+\- ]*\Z", re.IGNORECASE)


def spelled(written: str, value: Value, *, flow: bool) -> str:
    """A scalar on one line, in a flow collection or outside of one; `written` is how the source has it."""
    if not isinstance(value, str):
        return written or "null"
    one_line = written and not _LINE_OR_TAB.search(written)
    if one_line and _can_stay_plain(written, flow=flow):
        return written
    if _can_be_plain(value, flow=flow):
        return value
    if one_line and written[0] in "'\"" and not _is_simple(value):
        return written
    return _quoted(value)


def _can_stay_plain(written: str, *, flow: bool) -> bool:
    is_plain = not written.startswith(("'", '"', "|", ">"))
    return is_plain and not written.startswith(("---", "...")) and not (flow and _FLOW_INDICATOR.search(written))


def _can_be_plain(value: str, *, flow: bool) -> bool:
    return (
        value[:1].isalnum()
        and value.isprintable()
        and not value.endswith((" ", ":"))
        and ": " not in value
        and " #" not in value
        and not _OTHER_TYPE.match(value)
        and not (flow and _FLOW_INDICATOR.search(value))
    )


def _is_simple(value: str) -> bool:
    """Whether double quotes around it are enough."""
    return value.isprintable() and not set(value) & {'"', "\\"}


def _quoted(value: str) -> str:
    return '"' + "".join(map(_escaped, value)) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    named = {"\n": "\\n", "\t": "\\t"}
    code = ord(character)
    return named.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\U{code:08x}")
