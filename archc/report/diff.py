"""The difference between two specs as text for people: each change, its effects on later layers, and the totals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from archc.diagnostics.finding import Finding
from archc.diagnostics.text import Style, headline, unstyled
from archc.difference.difference import Difference
from archc.difference.effects import Effect
from archc.difference.layers import LayerDifference
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
    total_rows,
)
from archc.report.table import Column, fitted
from archc.wording import cells, counted, listed, visible

_COLUMNS = (
    Column("", least=8),
    Column("before", right=True),
    Column("after", right=True),
    Column("change", right=True, leave=1),
)

# An effect with more lines than this ends in the number of layers that are not shown.
_MOST = 12


def diff(
    found: Difference, names: tuple[str, str], faults: Sequence[Finding] = (), *, width: int, style: Style = unstyled
) -> str:
    """The difference as text of `width` columns. `names` are those of the two specs, `faults` their errors."""
    before, after = map(visible, names)
    note = [*_faults(found, faults, width, style)]
    if found.is_none:
        return "\n".join([f"{before} and {after} are equivalent", *note])
    blocks = [
        [style(line, "strong") for line in _title(before, after, width)],
        [*_changes(found, width, style)],
        [line for field in found.settings for line in _wrapped(*setting(field), width)],
        *([*_effect(effect, width)] for effect in effects(found)),
        [*_totals(found, width, style)],
        note,
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _title(before: str, after: str, width: int) -> list[str]:
    """The names of the two specs on one line, or on two: a path is not broken."""
    title = f"{before} → {after}"
    return [title] if cells(title) <= width else [before, f"→ {after}"]


def _changes(found: Difference, width: int, style: Style) -> Iterator[str]:
    """The changes: those of blocks, those that several layers share, then the others by layer, then new names."""
    for entry in entries(found):
        yield from _entry(entry, width, style)
    common = in_common(found)
    for field, names in common.items():
        head, *rest = _wrapped(f"~ {counted(len(names), 'layer')}  ", change(field), width)
        yield style(head, "strong")
        yield from rest
        yield from _wrapped("    ", listed(names), width)
    for difference in found.digest.single:
        changes, costs = field_changes(difference, common), [*figures(difference.before, difference.after)]
        # A layer has no entry of its own if the common changes above describe it completely.
        if changes or costs:
            yield from _layer(difference, changes, costs, width, style)
    yield from _renamed(found, width)


def _entry(entry: Entry, width: int, style: Style) -> Iterator[str]:
    head, *rest = _wrapped(f"{entry.mark} {entry.name}  ", ", ".join(entry.changes), width)
    yield style(head, "strong")
    yield from rest
    if entry.places:
        yield from _wrapped("    ", listed(entry.places), width)
    parts = [" ".join(filter(None, (what, _from_to(a, b)))) for what, a, b in entry.figures]
    if parts:
        yield from _wrapped("    ", "; ".join(parts), width)


def _layer(
    difference: LayerDifference, changes: list[str], costs: list[Figure], width: int, style: Style
) -> Iterator[str]:
    old, new = difference.before, difference.after
    name = difference.name
    if old and new and old.node.name != new.node.name:
        name = f"{old.node.name} → {new.node.name}"
    yield from _entry(Entry(MARKS[difference.kind], name, changes, [], costs), width, style)


def _from_to(before: str, after: str) -> str:
    return f"{before} → {after}" if before and after else before or after


def _renamed(found: Difference, width: int) -> Iterator[str]:
    if found.renamed:
        names = [f"{old} → {new}" for old, new in renamings(found.renames)]
        yield from _wrapped("= renamed  ", listed(names), width)


def _effect(effect: Effect, width: int) -> Iterator[str]:
    yield from _wrapped("", effect_heading(effect), width, further="    ")
    groups = alike(effect)
    for names, changed in groups[:_MOST]:
        yield from _wrapped("    ", f"{listed(names)}: {changed}", width, further="      ")
    if len(groups) > _MOST:
        hidden = sum(len(names) for names, _ in groups[_MOST:])
        yield f"    and {counted(hidden, 'more layer')}"


def _totals(found: Difference, width: int, style: Style) -> Iterator[str]:
    yield from fitted(_COLUMNS, total_rows(found), width=width, style=style)
    if changed := exchanges(found):
        yield from _wrapped("", changed, width, further="  ")


def _faults(found: Difference, faults: Sequence[Finding], width: int, style: Style) -> Iterator[str]:
    """A note with the first line of each error."""
    if heading := faults_heading(found, faults):
        yield from _wrapped("note: ", f"{heading}:", width)
    yield from (f"  {headline(fault, style)}" for fault in faults)


def _wrapped(head: str, text: str, width: int, further: str | None = None) -> list[str]:
    """The text after `head`. Lines after the first are indented by `further`, by default to the start of the text."""
    # A long head, such as a path of settings, would leave no room for the text below it.
    indent = " " * min(len(head), 16) if further is None else further
    lines = wrap(text, max(width, 40), initial_indent=head, subsequent_indent=indent, break_on_hyphens=False)
    return lines or [head.rstrip()]
