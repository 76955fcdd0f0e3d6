"""Why a layer of a block or a stage cannot read a name: it is unknown there, inside of a block, or defined later."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from archc.diagnostics.finding import Finding, report
from archc.language.mistakes.vocabulary import did_you_mean
from archc.language.reader import YamlNode
from archc.source import Span


def unreadable(
    reader: str,
    name: str,
    span: Span,
    readable: Collection[str],
    layers: Mapping[str, YamlNode],
    outer: Collection[str],
) -> Finding:
    """The finding for a name that is not one of `readable`.

    `layers` are all layers of the scope, and `outer` the names of the network.
    """
    if name == reader:
        return report(span, "ARC111", f"{reader} reads itself", help="read an earlier layer: a network has no cycles")
    if name in layers:
        where = layers[name].span
        message = f"{reader} reads {name}, which is defined later, on line {where.line}"
        help = f"move {name} before {reader}: a layer reads only earlier layers"
        return report(span, "ARC107", message, help=help, related=[(where, "defined here")])
    message = f"unknown layer `{name[:64]}`"
    block, _, inner = name.partition(".")
    if inner and block in readable:
        help = f"read `{block}`: what is inside of a block can be read only there"
        return report(span, "ARC107", message, help=help)
    if name in outer:
        help = (
            f"a block reads only its own layers: list {name} in `from` at the call, and read `input` or `input.1` here"
        )
        return report(span, "ARC107", message, help=help)
    return report(span, "ARC107", message, help=did_you_mean(name, readable, what="names"), cause=message)


def unknown_item(reader: str, name: str, span: Span, readable: Iterable[str]) -> Finding:
    """The finding for the number of an item that a stage does not have, or not yet."""
    outer = name.rpartition(".")[0]
    message = f"{reader} reads `{name[:64]}`, but there is no such value"
    if outer == "input":
        count = sum(each.startswith("input.") for each in readable)
        message = f"{reader} reads `{name[:64]}`, but the block reads {count} value{'' if count == 1 else 's'}"
        last = count - 1
        help = f"read `input.{last}`, or list more in `from` at the call"
        return report(span, "ARC107", message, help=help, layer=reader)
    before = f"{outer}." if outer else ""
    numbers = [each for each in readable if each.startswith(before) and each[len(before) :].isdigit()]
    help = f"read `{numbers[-1]}`, the last item before it" if numbers else "read a layer before it"
    return report(span, "ARC107", message, help=help, layer=reader)
