"""The difference between two specs as a comment on a pull request: a heading, the totals, and a table of changes.

Text from a spec or a file name is set as code, or with entities for every character that has a meaning in markdown.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence

from archc.diagnostics.finding import Finding
from archc.diagnostics.text import headline
from archc.difference.difference import Difference
from archc.difference.effects import Effect
from archc.difference.layers import LayerDifference
from archc.difference.settings import FieldChange
from archc.report.diff_uses import Entry, effects, entries, renamings
from archc.report.diff_words import (
    MARKS,
    Figure,
    alike,
    change,
    effect_heading,
    exchanges,
    faults_heading,
    field_changes,
    figures,
    in_common,
    setting,
    summary,
    total_rows,
)
from archc.wording import MOST_NAMED, counted, visible

_HARMLESS = frozenset(" /.-→×:,")


def markdown(found: Difference, names: tuple[str, str], faults: Sequence[Finding] = ()) -> str:
    """The difference in GitHub's markdown. `names` are those of the two specs, `faults` their errors."""
    return "\n\n".join([*_parts(found, names), *_faults(found, faults)]) + "\n"


def _parts(found: Difference, names: tuple[str, str]) -> Iterator[str]:
    before, after = map(_code, names)
    if found.is_none:
        yield f"### {before} and {after} are equivalent"
        return
    yield f"### {before} → {after}"
    yield f"{summary(found)}."
    yield _table(("", "before", "after", "change"), total_rows(found), right=3)
    if changed := exchanges(found):
        yield f"{_text(changed)[0].upper()}{_text(changed)[1:]}."
    rows = [*map(_entry, entries(found)), *_layers(found), *_renamed(found)]
    rows += [(head[0], _code(head[2:].strip()), _code(values), "") for head, values in map(setting, found.settings)]
    if rows:
        yield _table(("", "what", "change", "figures"), rows)
    for effect in effects(found):
        yield _effect(effect)


def _faults(found: Difference, faults: Sequence[Finding]) -> Iterator[str]:
    """A note with the first line of each error."""
    if heading := faults_heading(found, faults):
        yield f"{heading[0].upper()}{heading[1:]}:"
        yield "\n".join(f"- {_code(headline(fault))}" for fault in faults)


def _layers(found: Difference) -> Iterator[tuple[str, ...]]:
    """The rows of changed layers: first the changes that several layers share, then the others by layer."""
    common = in_common(found)
    for field, names in common.items():
        yield "~", ", ".join(map(_code, names)), _code(change(field)), ""
    for difference in found.digest.single:
        row = _layer(difference, common)
        if any(row[2:]):
            yield row


def _entry(entry: Entry) -> tuple[str, ...]:
    """The row of a difference of several layers."""
    changes = ", ".join(map(_code, entry.changes))
    hidden = len(entry.places) - MOST_NAMED
    places = [*map(_code, entry.places[:MOST_NAMED]), *([counted(hidden, "more place")] if hidden > 0 else [])]
    return entry.mark, "<br>".join(filter(None, (_code(entry.name), ", ".join(places)))), changes, _costs(entry.figures)


def _layer(difference: LayerDifference, listed: Container[FieldChange]) -> tuple[str, ...]:
    changes = ", ".join(map(_code, field_changes(difference, listed)))
    costs = _costs(figures(difference.before, difference.after))
    return MARKS[difference.kind], _code(difference.name), changes, costs


def _costs(figures: Iterable[Figure]) -> str:
    return "<br>".join(
        _text(" ".join(filter(None, (what, f"{a} → {b}" if a and b else a or b)))) for what, a, b in figures
    )


def _renamed(found: Difference) -> Iterator[tuple[str, ...]]:
    """One row for all renamed layers: a comment with a hundred rows is not read."""
    if found.renamed:
        names = renamings(found.renames)
        yield "=", "renamed", ", ".join(f"{_code(old)} → {_code(new)}" for old, new in names), ""


def _effect(effect: Effect) -> str:
    """The layers that a change affects, folded because they follow from the changes above."""
    rows = [(", ".join(map(_code, names)), _text(changes)) for names, changes in alike(effect)]
    table = _table(("layers", "change"), rows)
    return f"<details><summary>{_text(effect_heading(effect))}</summary>\n\n{table}\n\n</details>"


def _table(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]], right: int = 0) -> str:
    """A markdown table whose last `right` columns are right-aligned."""
    rule = ["---"] * (len(headings) - right) + ["--:"] * right
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [headings, rule, *rows])


def _code(text: str) -> str:
    """The text as code: in backticks, or as HTML if a backtick or a bar in it would end the code or the table cell."""
    return f"<code>{_text(text)}</code>" if set(text) & set("`|") else f"`{visible(text)}`"


def _text(text: str) -> str:
    """The text with entities for every character that may have a meaning in markdown or HTML."""
    # More entities than markdown needs, but which characters are special depends on where they are.
    return "".join(c if c.isalnum() or c in _HARMLESS else f"&#{ord(c)};" for c in visible(text))
