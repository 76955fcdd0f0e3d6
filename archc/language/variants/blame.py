"""Findings on a derived spec, each at the text that causes it: that of the base, or the change that the base does
not expect.

What a base has by itself stays where it is. For anything else in the text of the base, the change is found with which
it appears: the finding is reported there, and marks the place in the base.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from archc.diagnostics.finding import Finding
from archc.language.asked import UNMET
from archc.language.reader import MappingNode
from archc.language.variants.change import Change
from archc.language.variants.derivation import Derivation
from archc.language.variants.targets import steps
from archc.language.variants.tree import at, path_of
from archc.source import Span

Find = Callable[[MappingNode], list[Finding]]
"""All findings on a whole spec in nodes."""

_SHAPE = "ARC301"
_FIRST_OF_SPECS = "ARC1"
"""Codes below this one are of YAML."""
_EXPECTATIONS = ("ARC301", "ARC302", "ARC303", "ARC304")
_MOST_SEARCHED = 64
"""The analyses in which changes are searched for a cause."""
_MOST_LAYERS = 100_000
"""The layers in all of them."""


class Actual(NamedTuple):
    """What a network has: its totals by field, and the shape of each layer."""

    totals: Mapping[str, object]
    shapes: Mapping[str, tuple[int, ...]]


def blamed(findings: list[Finding], derivation: Derivation, actual: Actual, find: Find, layers: int) -> list[Finding]:
    """The findings on a spec with so many layers, each where its cause is."""
    if not derivation.is_derived:
        return findings
    search = _Search(derivation, find, layers)
    return [_with_safe_fix(_blamed(finding, search, actual), derivation) for finding in findings]


class _Search:
    """Finds the change with which a finding appears. What is found on the spec with the first changes is kept."""

    def __init__(self, derivation: Derivation, find: Find, layers: int) -> None:
        self.derivation = derivation
        self._find = find
        # Each search takes an analysis of the network, which can be large.
        self._left = min(_MOST_SEARCHED, _MOST_LAYERS // max(layers, 1))
        self._found: dict[int, dict[tuple[str, Span], Finding]] = {}

    def cause(self, finding: Finding) -> int | None:
        """The number of the change that contains the text of a finding, or with which it appears; None for the base.

        An expectation that a change gives can fail by a later change.
        """
        changes = self.derivation.changes
        inside = next((n for n, change in enumerate(changes) if change.contains(finding.span)), None)
        if inside is not None and finding.code not in _EXPECTATIONS:
            return inside
        if finding.code < _FIRST_OF_SPECS or not changes or self._left < len(changes).bit_length() + 1:
            return inside
        without, with_it = 0 if inside is None else inside + 1, len(changes)
        if self._has(without, finding):
            return inside
        while with_it - without > 1:
            middle = (without + with_it) // 2
            without, with_it = (without, middle) if self._has(middle, finding) else (middle, with_it)
        return with_it - 1

    def _has(self, count: int, finding: Finding) -> bool:
        if count not in self._found:
            self._left -= 1
            self._found[count] = _by_place(self._find(self.derivation.at(count)))
        return (finding.code, finding.span) in self._found[count]

    def of_base(self, finding: Finding) -> Finding:
        """A finding that the base has by itself, as it is on the base: the changes may give other numbers."""
        own = self._found.get(0, {}).get((finding.code, finding.span), finding)
        return own if own.span == finding.span else finding


def _by_place(findings: list[Finding]) -> dict[tuple[str, Span], Finding]:
    """Findings by code and span. One on a total can be on others too, which it marks."""
    marked = {(each.code, span): each for each in findings if each.code in _EXPECTATIONS for span, _ in each.related}
    return {**marked, **{(each.code, each.span): each for each in findings}}


def _blamed(finding: Finding, search: _Search, actual: Actual) -> Finding:
    number = search.cause(finding)
    if number is None:
        return search.of_base(finding)
    change = search.derivation.changes[number]
    if change.contains(finding.span):
        # What is not YAML is wrong whatever it replaces.
        before = _before(finding, search.derivation, number) if finding.code >= _FIRST_OF_SPECS else ()
        return finding._replace(related=(*finding.related, *before))
    label = "this is inherited" if finding.code not in _EXPECTATIONS else "this expectation is inherited"
    moved = finding._replace(
        span=change.span,
        related=((finding.span, label), *((s, text) for s, text in finding.related if not change.contains(s))),
        fix=(),
    )
    if finding.code not in _EXPECTATIONS:
        return moved._replace(help=_other_choice(change, search.derivation.result.root) or finding.help)
    if change.is_tried:
        help = "make the change in a spec or a variant, with what it expects; a trial need not meet the base's"
        return moved._replace(code=UNMET, help=help)
    return moved._replace(help=_own_expectation(finding, search.derivation, actual))


def _other_choice(change: Change, root: MappingNode) -> str | None:
    """The help for a second optimizer, schedule or distribution beside the one of the base."""
    found = steps(change.target) if change.verb == "set" else None
    parent = at(root, path_of(root, found.names[:-1]) or ()) if found else None
    values = [*parent.entries.values()] if isinstance(parent, MappingNode) else []
    if found is None or len(values) != 2 or not all(isinstance(value, MappingNode) for value in values):
        return None
    return f"set `{'.'.join(found.names[:-1])}` as a whole, to `{{{found.names[-1]}: …}}`"


def _before(finding: Finding, derivation: Derivation, number: int) -> tuple[tuple[Span, str], ...]:
    """What the change with a finding replaces, in the layer of the finding if it is about one."""
    replaced = derivation.result.before[number]
    name = path_of(derivation.result.root, ("layers", *(finding.layer or "").split(".")))
    own = [node for path, node in replaced.items() if name is not None and path[: len(name)] == name]
    node = next(iter([*own, *replaced.values()]), None)
    return ((node.span, "this is replaced"),) if node is not None else ()


def _own_expectation(finding: Finding, derivation: Derivation, actual: Actual) -> str:
    """How to expect something else than the base does."""
    root = derivation.result.root
    if finding.code == _SHAPE:
        path = ("layers", *(finding.layer or "").split("."), "expect")
        node, shape = at(root, path_of(root, path) or path), actual.shapes.get(finding.layer or "")
        if node is None or shape is None or node.span != finding.span:
            return "if the change is meant, change or remove the expectation, too"
        name = ".".join(path)
        return f"if the change is meant, add `{{set: {name}, to: {list(shape)}}}` or `{{remove: {name}}}`"
    section = root.entries.get("expect")
    nodes = section.entries if isinstance(section, MappingNode) else {}
    places = {finding.span, *(span for span, _ in finding.related)}
    fields = [field for field, node in nodes.items() if node.span in places]
    # Layers that do not split over the devices have no exchanges to expect.
    known = {field: actual.totals[field] for field in fields if field in actual.totals}
    own = [f"{field}: {_written(number)}" for field, number in known.items()]
    if not own:
        return "if the change is meant, change or remove the expectation, too"
    return f"if the change is meant, add `expect: {{{', '.join(own)}}}` beside `change:`"


def _written(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(str, value))}]"  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return str(value)


def _with_safe_fix(finding: Finding, derivation: Derivation) -> Finding:
    """The finding without a fix, unless that only replaces the text that it is at, in the spec's own file."""
    is_safe = len(finding.fix) == 1 and finding.fix[0].span == finding.span
    is_safe = is_safe and finding.span.source == derivation.own.span.source
    return finding if is_safe else finding._replace(fix=())
