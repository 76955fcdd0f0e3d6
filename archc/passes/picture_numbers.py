"""Whether the numbers of `train.data`, a mean and a deviation that are given, suit the network and the scale."""

from __future__ import annotations

from archc.diagnostics.finding import Edit, Finding, report
from archc.language.data_recipe import BRIGHTEST, DataRecipe
from archc.language.document import Spans
from archc.ops.foreign import spelled
from archc.source import Span
from archc.wording import counted, joined

_PATH = ("train", "data")
_DATA = "the spec's `train.data`"


def check_numbers(data: DataRecipe, spans: Spans, channels: int | None) -> list[Finding]:
    """The findings at the numbers; `channels` are those of the input, if it is one picture."""
    if data.scale is None:
        return [_without_scale(data, spans)]
    return [*_above_the_brightest(data, spans), *(_of_other_channels(data, spans, channels) if channels else ())]


def _without_scale(data: DataRecipe, spans: Spans) -> Finding:
    """Which scale the numbers are of shows in them: those of values from 0 to 1 are at most 1."""
    given = data.given
    is_of_ones = max(abs(number) for numbers in given.values() for number in numbers) <= 1
    field = f"scale: {BRIGHTEST if is_of_ones else 1}"
    names = joined([f"`{name}`" for name in given])
    message = f"{_DATA} needs `scale`, since its {names} {'are' if len(given) > 1 else 'is'} given in numbers"
    note = "numbers are of a picture's values, from 0 to 255, divided by `scale`: 255 for values from 0 to 1"
    first = next(iter(given))
    at, fix = spans.value(*_PATH, first), _written_before(first, field, spans)
    return report(at, "ARC103", message, notes=[note], help=f"add `{field}`", fix=fix)


def _written_before(name: str, field: str, spans: Spans) -> tuple[Edit, ...]:
    """The edit that writes a field before another one, in braces or on a line of its own."""
    key = spans.key(*_PATH, name)
    before = key.source.line(key.line)[: key.column - 1]
    in_braces = key.source.text[spans.value(*_PATH).start] == "{"
    if not in_braces and before.strip():
        return ()
    return (Edit(Span(key.source, key.start, key.start), f"{field}, " if in_braces else f"{field}\n{before}"),)


def _above_the_brightest(data: DataRecipe, spans: Spans) -> list[Finding]:
    """A mean that no picture can have."""
    mean, largest = data.given.get("mean", ()), BRIGHTEST / data.divisor
    above = [number for number in mean if number > largest]
    if not above:
        return []
    message = f"`train.data.mean` has {spelled(above[0])}, and the scaled values of a picture are from 0 to {largest:g}"
    note = f"the values of a picture are divided by `scale`: {BRIGHTEST} / {spelled(data.divisor)} = {largest:g}"
    help = "use `scale: 1` for a mean of values from 0 to 255" if max(mean) <= BRIGHTEST else "use a smaller mean"
    return [report(spans.value(*_PATH, "mean"), "ARC109", message, notes=[note], help=help)]


def _of_other_channels(data: DataRecipe, spans: Spans, channels: int) -> list[Finding]:
    """Lists of other lengths than the input has channels."""
    wrong = {name: len(numbers) for name, numbers in data.given.items() if len(numbers) not in (1, channels)}
    return [
        report(
            spans.value(*_PATH, name),
            "ARC109",
            f"`train.data.{name}` has {count} numbers, but the network's input has {counted(channels, 'channel')}",
            help="write one number" if channels == 1 else f"write one number, or a list of {channels}",
        )
        for name, count in wrong.items()
    ]
