"""Renaming values to `x` never changes what is computed, and freeing them leaves each until its last reader only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import WeakSet

from hypothesis import given
from hypothesis import strategies as st

from archc.emit.passing import freeing, passing
from archc.emit.printer import print_module
from archc.emit.syntax import Assign, Delete, Function, List, Module, Name, Return, Sum, Tuple, call, names


def line(target: str, *reads: str) -> Assign:
    return Assign(Name(target), call("f", *map(Name, reads)))


def renamed(lines: list[Assign], *outputs: str) -> list[str]:
    """Each line after the renaming as `target: reads`, and then the outputs."""
    written, results = passing(lines, [Name(output) for output in outputs])
    reads = [" ".join(a.value.text for a in each.value.arguments) for each in written]  # pyright: ignore
    return [
        *(f"{each.target.text}: {read}" for each, read in zip(written, reads, strict=True)),
        " ".join(n.text for n in results),
    ]


def test_a_chain_is_all_x() -> None:
    assert renamed([line("a", "image"), line("b", "a"), line("c", "b")], "c") == ["x: image", "x: x", "x: x", "x"]


def test_what_a_later_line_reads_keeps_its_name() -> None:
    lines = [line("a", "image"), line("b", "a"), line("c", "b"), line("d", "c", "a")]
    assert renamed(lines, "d") == ["a: image", "x: a", "x: x", "x: x a", "x"]


def test_several_outputs_keep_their_names() -> None:
    assert renamed([line("a", "image"), line("b", "a"), line("c", "b")], "b", "c") == [
        "x: image",
        "b: x",
        "c: b",
        "b c",
    ]


def test_a_name_that_is_assigned_again_is_another_value() -> None:
    assert renamed([line("a", "image"), line("a", "a"), line("b", "a")], "a", "b") == [
        "x: image",
        "a: x",
        "b: a",
        "a b",
    ]


@st.composite
def networks(draw: st.DrawFn) -> tuple[list[Assign], list[Name]]:
    known, lines = ["image"], list[Assign]()
    for number in range(draw(st.integers(1, 12))):
        reads = draw(st.lists(st.sampled_from(known), min_size=1, max_size=3))
        several = [Name(read) for read in reads]
        kinds = [call("f", *several), call("f", Tuple(tuple(several))), call("f", List(tuple(several)))]
        value = draw(st.sampled_from([*kinds, Sum((*several, several[0]))]))
        target = draw(st.sampled_from([f"v{number}", *known[1:]]))
        lines.append(Assign(Name(target), value))
        known.append(target)
    outputs = draw(st.lists(st.sampled_from(known[1:]), min_size=1, max_size=3, unique=True))
    return lines, list(map(Name, outputs))


def freed(lines: list[Assign], *outputs: str) -> str:
    """The function's body with the values freed."""
    written, results = passing(lines, [Name(output) for output in outputs])
    return body(freeing(written, results), results)


def body(lines: Sequence[Assign | Delete], outputs: Sequence[Name]) -> str:
    function = Function("g", "image", "tuple", (*lines, Return(Tuple(tuple(outputs)))))
    _, _, text = print_module(Module(("A file.",), (), (function,))).partition(" -> tuple:\n")
    return "\n".join(line.strip() for line in text.splitlines())


def test_a_value_is_deleted_after_its_last_reader() -> None:
    lines = [line("a", "image"), line("b", "a"), line("c", "b", "a"), line("d", "c")]
    assert freed(lines, "d") == "a = f(image)\nx = f(a)\nx = f(x, a)\ndel a\nx = f(x)\nreturn (x,)"


def test_a_value_is_named_after_x_has_it_where_x_would_keep_the_one_before() -> None:
    lines = [line("a", "image"), line("b", "a"), line("c", "b"), line("d", "b", "c"), line("e", "d")]
    assert freed(lines, "e") == "x = f(image)\nx = f(x)\nb = x\nx = f(b)\nx = f(b, x)\ndel b\nx = f(x)\nreturn (x,)"


def test_nothing_is_deleted_before_the_return() -> None:
    assert freed([line("a", "image"), line("b", "a"), line("c", "a", "b")], "c").endswith("x = f(a, x)\nreturn (x,)")


def test_outputs_are_never_deleted() -> None:
    lines = [line("a", "image"), line("b", "a"), line("c", "b")]
    assert freed(lines, "a", "c") == "a = f(image)\nx = f(a)\nc = f(x)\nreturn a, c"


class Value:
    """What one call of `f` returns, while anything refers to it."""

    def __init__(self, reads: tuple[Value, ...]) -> None:
        self.number = hash(("f", *(read.number for read in reads)))


@given(st.data())
def test_no_value_outlives_its_last_reader(data: st.DataObject) -> None:
    length = data.draw(st.integers(1, 10))
    lines = [
        line(f"v{n}", *data.draw(st.lists(st.sampled_from([f"v{m}" for m in range(n)]), min_size=1, max_size=3)))
        if n
        else line("v0", "image")
        for n in range(length)
    ]
    read = {name.text for each in lines for name in names(each.value)}
    outputs = [Name(f"v{n}") for n in range(length) if f"v{n}" not in read]  # so that each value is read or returned
    written, results = passing(lines, outputs)
    alive, counts = WeakSet[Value](), list[int]()

    def f(*reads: Value) -> Value:
        counts.append(len(alive))
        made = Value(reads)
        alive.add(made)
        return made

    function = Function("g", "image", "tuple", (*freeing(written, results), Return(Tuple(tuple(results)))))
    scope: dict[str, Any] = {"f": f}
    exec(print_module(Module(("A file.",), (), (function,))), scope)
    scope["g"](Value(()))
    last = {name: place for place, each in enumerate(lines) for name in names(each.value)}
    last |= dict.fromkeys(outputs, length)
    assert counts == [sum(last[Name(f"v{n}")] >= place for n in range(place)) for place in range(length)]


def computed(lines: Sequence[Assign | Delete], outputs: Sequence[Name]) -> tuple[Any, ...]:
    """The results of running the lines. `f` hashes its arguments in order, so that any wrong one shows."""
    body = (*lines, Return(Tuple(tuple(outputs))))
    scope: dict[str, Any] = {"f": lambda *read: hash(("f", *map(str, read))) % 999_983}
    exec(print_module(Module(("A file.",), (), (Function("g", "image", "tuple", body),))), scope)
    return scope["g"](12_345)


@given(networks())
def test_what_is_computed_stays_the_same(network: tuple[list[Assign], list[Name]]) -> None:
    lines, outputs = network
    written, results = passing(lines, outputs)
    expected = computed(lines, outputs)
    assert computed(written, results) == expected
    assert computed(freeing(written, results), results) == expected
