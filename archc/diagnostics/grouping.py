"""One mistake, one finding: findings of the same mistake become one, which lists its layers and its positions.

A mistake of the text or of a field is the same if its sentence and its help are, whatever layer it is in. What follows
from a value, such as a wrong shape, is one mistake if several layers take the value from `defaults:` or an alias, or if
the findings have the same cause.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import partial

from archc.diagnostics.finding import Finding
from archc.wording import listed

# The codes up to here are about words of the text: keys, ops, fields, values and names. Later ones are about layers.
LAST_OF_WORDS = "ARC107"
Uses = Mapping[str, tuple[str, str, int]]
"""By layer of a block: which layer of the block it is, the path of this use, and the number of uses."""
_NO_USES: Uses = {}

_OF_VALUES = ("ARC104", "ARC105")
_MOST_COMPARED = 100
_FITTING_USES = "use a value that fits all of these uses, or let each give its own: list a name for it in `takes`"
_FITTING = "use a value that fits all of these layers, or set the field in each of them"


def grouped(findings: Iterable[Finding], uses: Uses = _NO_USES) -> list[Finding]:
    """The findings with each mistake once, where it occurs first. `uses` are those of blocks by layer."""
    found = _merged(findings, partial(_of_use, uses), uses) if uses else findings
    return _merged(_merged(found, _of_value, uses), _of_words, uses)


def _merged(findings: Iterable[Finding], mistake: Callable[[Finding], Hashable], uses: Uses) -> list[Finding]:
    """The findings, with those of the same mistake in one. Those whose mistake is None are kept as they are."""
    groups: dict[Hashable, list[Finding]] = {}
    for number, finding in enumerate(findings):
        key = mistake(finding)
        groups.setdefault(number if key is None else key, []).append(finding)
    return [_one(group, uses) if len(group) > 1 else group[0] for group in groups.values()]


def _of_use(uses: Uses, finding: Finding) -> Hashable:
    """The mistake of a finding on a layer of a block, whatever it says of one use of the block."""
    use = uses.get(finding.layer or "")
    return (finding.code, finding.span, use[0]) if use else None


def _of_value(finding: Finding) -> Hashable:
    """The mistake of a finding that follows from a value: its message has the figures of one of the layers."""
    return (finding.code, finding.span) if finding.layer and finding.code >= "ARC2" else None


def _of_words(finding: Finding) -> Hashable:
    """The mistake of a finding by its cause or, up to the last code of words, by its sentence."""
    what = finding.cause or (finding.message if finding.code <= LAST_OF_WORDS else None)
    if what is None:
        return None
    # The help may depend on the layer, and a fix that is certain in one layer need not be certain in another.
    help = None if finding.cause else _nameless(finding.help or "", finding.layer)
    return finding.code, _nameless(what, finding.layer), _value(finding), help, bool(finding.fix)


def _value(finding: Finding) -> str | None:
    """The text of a wrong value, which the sentence may leave out; a wrong word is always in the sentence."""
    start, end = finding.span.start, finding.span.end
    return finding.span.source.text[start:end] if finding.code in _OF_VALUES else None


def _nameless(text: str, layer: str | None) -> str:
    """A text without the name of the layer that it is about: a word outside of backticks, or the start of `a_relu`."""
    name = re.escape(layer or "")
    # Only where the name is first: `a` is a name too.
    return re.sub(rf"(?<![\w`.]){name}(?![\w`])|(?<=`){name}(?=_)", "", text, count=1) if layer else text


def _one(group: list[Finding], uses: Uses) -> Finding:
    """The first finding of a mistake, with the layers, positions and fixes of all."""
    first, *_ = group
    return first._replace(
        notes=(*first.notes, _where(group, uses)),
        help=_help(group, uses),
        fix=tuple(dict.fromkeys(edit for finding in group for edit in finding.fix)),
        places=tuple(dict.fromkeys(finding.span for finding in group))[1:],
    )


def _help(group: list[Finding], uses: Uses) -> str | None:
    """The help of the first finding, unless it proposes a value that may not fit the other layers."""
    first, *others = group[:_MOST_COMPARED]
    helps = {
        _useless(_nameless(finding.help or "", finding.layer), finding.layer, uses) for finding in (first, *others)
    }
    proposes_one = first.severity == "error" and all(finding.span == first.span for finding in others)
    if not proposes_one or len(helps) < 2:
        return first.help
    return _FITTING_USES if all(finding.layer in uses for finding in group) else _FITTING


def _useless(text: str, layer: str | None, uses: Uses) -> str:
    """A text without the path of the use of a block that the layer is in."""
    return text.replace(f"{uses[layer][1]}.", "") if layer is not None and layer in uses else text


def _where(group: list[Finding], uses: Uses) -> str:
    """`in 2 layers: conv1, conv2`, or `2 times, on lines 6, 9` if the text is not that of layers.

    If all of them are one layer of a block, `in 2 of 4 uses: layer1.0, layer1.1`.
    """
    layers = dict.fromkeys(finding.layer for finding in group)
    found = [uses[layer] for layer in layers if layer is not None and layer in uses]
    if len(found) == len(layers) and len({what for what, _, _ in found}) == 1:
        places, (_, _, total) = [where for _, where, _ in found], found[0]
        share = f"{len(places):,}" if len(places) == total else f"{len(places):,} of {total:,}"
        return f"in {share} {'use' if total == 1 else 'uses'}: {listed(places)}"
    if None not in layers and len(layers) > 1:
        return f"in {len(layers):,} layers: {listed([str(layer) for layer in layers])}"
    lines = list(dict.fromkeys(str(finding.span.line) for finding in group))
    return f"{len(group):,} times, on {'line' if len(lines) == 1 else 'lines'} {listed(lines)}"
