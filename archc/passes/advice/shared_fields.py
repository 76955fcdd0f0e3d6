"""Advice on a field that `defaults` or an alias gives to several layers: once at its line, with all of the layers."""

from __future__ import annotations

from collections.abc import Iterable

from archc.diagnostics.finding import Finding
from archc.source import Span
from archc.wording import listed

# Other layers whose own figures are shown.
_MOST_SHOWN = 3


def once_per_field(advised: Iterable[tuple[str, Finding]]) -> list[Finding]:
    """The findings on layers, given with the names of the layers; those at the same place in the text become one."""
    places: dict[Span, dict[str, Finding]] = {}
    for name, finding in advised:
        places.setdefault(finding.span, {})[name] = finding
    return [_one(layers) for layers in places.values()]


def _one(layers: dict[str, Finding]) -> Finding:
    (name, first), *others = layers.items()
    if not others:
        return first
    shown = (": ".join((finding.message, *finding.notes[:1])) for _, finding in others[:_MOST_SHOWN])
    is_same = all(finding.help == first.help for _, finding in others)
    return first._replace(
        message=f"{first.message}; the same field affects {listed([other for other, _ in others])}",
        notes=(*first.notes, *shown),
        help=first.help if is_same else f"for {name}, {first.help}",
    )
