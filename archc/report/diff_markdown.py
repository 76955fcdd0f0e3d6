"""The difference between two specs as a comment on a pull request: a heading, the totals, and a table of what differs.

Whatever comes from outside is code, or has every character that could mean something as an entity.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from archc.difference.difference import Difference
from archc.difference.effects import Effect
from archc.difference.layers import LayerDifference
from archc.difference.settings import FieldChange
from archc.report.diff_words import (
    MARKS,
    alike,
    change,
    effect_heading,
    exchanges,
    field_changes,
    figures,
    in_common,
    setting,
    summary,
    total_rows,
)
from archc.wording import visible

_HARMLESS = frozenset(" /.-→×:,")


def markdown(found: Difference, names: tuple[str, str]) -> str:
    """All that differs between two specs of these names, in GitHub's markdown."""
    return "\n\n".join(_parts(found, names)) + "\n"


def _parts(found: Difference, names: tuple[str, str]) -> Iterator[str]:
    before, after = map(_code, names)
    if found.is_none:
        yield f"### {before} and {after} mean the same"
        return
    yield f"### {before} → {after}"
    yield f"{summary(found)}."
    yield _table(("", "before", "after", "change"), total_rows(found), right=3)
    if said := exchanges(found):
        yield f"{_text(said)[0].upper()}{_text(said)[1:]}."
    rows = [*_layers(found), *_renamed(found)]
    rows += [(head[0], _code(head[2:].strip()), _code(values), "") for head, values in map(setting, found.settings)]
    if rows:
        yield _table(("", "what", "change", "figures"), rows)
    for effect in found.effects:
        yield _effect(effect)


def _layers(found: Difference) -> Iterator[tuple[str, ...]]:
    """What many layers have in common first, then each layer by itself."""
    common = in_common(found)
    for field, names in common.items():
        yield "~", ", ".join(map(_code, names)), _code(change(field)), ""
    for difference in found.layers:
        row = _layer(difference, common)
        if any(row[2:]):
            yield row


def _layer(difference: LayerDifference, told: Container[FieldChange]) -> tuple[str, ...]:
    said = [
        _text(" ".join(filter(None, (what, f"{a} → {b}" if a and b else a or b))))
        for what, a, b in figures(difference.before, difference.after)
    ]
    changes = ", ".join(map(_code, field_changes(difference, told)))
    return MARKS[difference.kind], _code(difference.name), changes, "<br>".join(said)


def _renamed(found: Difference) -> Iterator[tuple[str, ...]]:
    """One row for all, so that a hundred new names take no hundred lines."""
    if found.renamed:
        yield "=", "renamed", ", ".join(f"{_code(old)} → {_code(new)}" for old, new in found.renamed), ""


def _effect(effect: Effect) -> str:
    """Folded, since it follows from what is told above."""
    rows = [(", ".join(map(_code, names)), _text(said)) for names, said in alike(effect)]
    table = _table(("layers", "change"), rows)
    return f"<details><summary>{_text(effect_heading(effect))}</summary>\n\n{table}\n\n</details>"


def _table(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]], right: int = 0) -> str:
    """A table whose last `right` columns stand at the right."""
    rule = ["---"] * (len(headings) - right) + ["--:"] * right
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [headings, rule, *rows])


def _code(text: str) -> str:
    """A text as code: in backticks, in which no other character but a table's bar means anything, or as HTML."""
    return f"<code>{_text(text)}</code>" if set(text) & set("`|") else f"`{visible(text)}`"


def _text(text: str) -> str:
    """A text in which no character has a meaning in markdown or HTML."""
    return "".join(c if c.isalnum() or c in _HARMLESS else f"&#{ord(c)};" for c in visible(text))
