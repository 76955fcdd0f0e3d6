"""Renaming values to `x` never changes what is computed."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from archc.emit.passing import passing
from archc.emit.printer import print_module
from archc.emit.syntax import Assign, Function, List, Module, Name, Return, Sum, Tuple, call


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


def computed(lines: list[Assign], outputs: list[Name]) -> tuple[Any, ...]:
    """The results of running the lines. `f` hashes its arguments in order, so that any wrong one shows."""
    body = (*lines, Return(Tuple(tuple(outputs))))
    scope: dict[str, Any] = {"f": lambda *read: hash(("f", *map(str, read))) % 999_983}
    exec(print_module(Module(("A file.",), (), (Function("g", "image", "tuple", body),))), scope)
    return scope["g"](12_345)


@given(networks())
def test_what_is_computed_stays_the_same(network: tuple[list[Assign], list[Name]]) -> None:
    lines, outputs = network
    written, results = passing(lines, outputs)
    assert computed(list(written), list(results)) == computed(lines, outputs)
