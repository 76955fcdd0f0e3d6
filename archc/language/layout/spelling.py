"""How a scalar is written: unchanged if possible, and in quotes only if it needs them."""

from __future__ import annotations

import re

from archc.language.reader import Value

_FLOW_INDICATOR = re.compile(r"[,\[\]{}]")
_LINE_OR_TAB = re.compile("[\t\n\x85\u2028\u2029]")
# A string that a reader of YAML 1.1 or 1.2 could take for a boolean, null, number, date or time keeps its quotes.
_OTHER_TYPE = re.compile(r"(?i:y|yes|n|no|on|off|true|false|null)\Z|[0-9][0-9a-f.,:_exotz+\- ]*\Z", re.IGNORECASE)


def spelled(written: str, value: Value, *, flow: bool) -> str:
    """The scalar `value` on one line, for a flow collection or for a block. `written` is its text in the source."""
    # Numbers keep their spelling, such as `1e-4`. An absent value is written as `null`.
    if not isinstance(value, str):
        return written or "null"
    one_line = written and not _LINE_OR_TAB.search(written)
    if one_line and _can_stay_plain(written, flow=flow):
        return written
    if _can_be_plain(value, flow=flow):
        return value
    # The author's own quotes and escapes are kept where ours would need escapes too.
    if one_line and written[0] in "'\"" and not _is_simple(value):
        return written
    return _quoted(value)


def _can_stay_plain(written: str, *, flow: bool) -> bool:
    is_plain = not written.startswith(("'", '"', "|", ">"))
    # At the start of a line, `---` and `...` mark the bounds of a document.
    if not is_plain or written.startswith(("---", "...")):
        return False
    # In a flow collection, a colon at the start ends an empty key.
    return not flow or not (written.startswith(":") or _FLOW_INDICATOR.search(written))


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
    """Whether the value needs no escapes in double quotes."""
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
