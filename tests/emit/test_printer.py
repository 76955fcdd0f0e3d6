"""ruff's formatter and linter, with their defaults, accept printed source unchanged."""

from __future__ import annotations

import ast
import math
import re
import subprocess
import sys
from enum import IntEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from archc.emit.inline import literal
from archc.emit.printer import print_module
from archc.emit.syntax import (
    Argument,
    Assert,
    Assign,
    Call,
    Class,
    Delete,
    Do,
    Expression,
    Fixed,
    Function,
    Import,
    List,
    Literal,
    Main,
    Module,
    Name,
    Return,
    Statement,
    Sum,
    Tuple,
    Unpacked,
    call,
    number,
)

RUFF = [sys.executable, "-m", "ruff"]

# Short names, the longest names that a spec allows, and names that a backend's author chooses. All are attributes, so
# that the linter does not report undefined names.
identifiers = st.one_of(
    st.from_regex(r"[a-z]{1,8}[0-9]?", fullmatch=True), st.integers(9, 64).map(lambda length: "n" * length)
).filter(lambda name: name not in ("as", "do", "if", "in", "is", "or", "and", "def", "del", "for", "not", "try"))
own_names = st.from_regex(r"[a-zA-Z]{1,20}_", fullmatch=True)
names = st.builds(lambda owner, name: Name(f"{owner}.{name}_"), st.sampled_from(["nn", "self"]), identifiers)
texts = st.text(st.sampled_from("ab \"'\\\n\t{}#\u202eé\0"), max_size=30)
values = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), texts)
literals = st.builds(Literal, values)
sums = st.builds(lambda first, others: Sum((first, *others)), names, st.lists(names, min_size=1, max_size=4))
shapes = st.lists(st.integers(1, 4096), min_size=1, max_size=3).map(lambda shape: " x ".join(map(str, shape)))


tuples = st.builds(Tuple, st.lists(st.builds(Literal, st.integers(-999, 99_999)), max_size=5).map(tuple))


def calls(
    inner: st.SearchStrategy[Expression], comments: st.SearchStrategy[str | None], owner: str = "nn"
) -> st.SearchStrategy[Call]:
    """Positional arguments, then keywords, each with a comment or without."""
    positional = st.lists(st.builds(Argument, inner, st.none(), comments), max_size=3)
    keywords = st.lists(
        st.builds(Argument, inner, identifiers.map("{}_".format), comments), max_size=4, unique_by=lambda a: a.keyword
    )
    function = own_names.map(lambda name: Name(f"{owner}.{name}"))
    return st.builds(lambda name, first, then: Call(name, (*first, *then)), function, positional, keywords)


silent = st.none()
plain: st.SearchStrategy[Expression] = names | literals | tuples
flat_calls = calls(plain, silent)
modules_in_order = calls(flat_calls | plain, shapes | silent)
inputs = names | st.builds(List, st.lists(names, min_size=2, max_size=4).map(tuple))
unpacked = st.builds(
    lambda call, more: Call(call.function, (*call.arguments, Argument(Unpacked(more)))), flat_calls, flat_calls
)
applied = st.builds(lambda layer, value: Call(layer, (Argument(value),)), flat_calls | unpacked, inputs)
expressions: st.SearchStrategy[Expression] = plain | sums | flat_calls | applied
several = st.builds(Tuple, st.lists(names, min_size=2, max_size=6).map(tuple))
targets = identifiers.map(lambda name: Name(f"self.{name}_"))
statements: st.SearchStrategy[Statement] = st.one_of(
    st.builds(Assign, targets, expressions, shapes | silent),
    st.builds(Delete, st.lists(targets, min_size=1, max_size=4).map(tuple)),
    st.builds(Do, flat_calls | modules_in_order | applied),
    st.builds(lambda length: Assert(Fixed("nn == 96"), Fixed(f'f"{{nn}} {"n" * length}"')), st.integers(1, 60)),
)
bodies = st.builds(
    lambda before, last: (*before, last), st.lists(statements, max_size=5), st.builds(Return, expressions | several)
)
parameters = identifiers.map(lambda name: f"self, {name}_: object")
docs = st.text(st.sampled_from("ab. \"'\\\n\t{}#\u202eé\0"), max_size=120).filter(str.strip)
functions = st.builds(Function, st.just("forward"), parameters, st.just("object"), bodies, docs | silent)


@st.composite
def modules(draw: st.DrawFn) -> Module:
    paragraphs = tuple(draw(st.lists(docs, min_size=1, max_size=3)))
    model = Class(
        "Model", Name("nn.Module"), draw(docs), (draw(functions),), draw(st.sampled_from([(), (Fixed("nn.shown()"),)]))
    )
    main = Main((Assign(Name("model"), Call(Name("Model"))), Do(Fixed("print(model)"))))
    check = Function("check", "", "None", (Do(Fixed("print(nn)")),), draw(docs | silent))
    return Module(paragraphs, (Import("torch", ("nn",)),), (model, check, main))


def ruff(folder: Path, *command: str) -> str:
    """ruff's output for a folder; empty if it has no complaints."""
    done = subprocess.run([*RUFF, *command, "--isolated", "--no-cache", folder], capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr


UNHURRIED = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


# Not shrunk: ruff's diff is enough to find the cause, and shrinking takes minutes.
@settings(max_examples=10, phases=[Phase.generate], suppress_health_check=UNHURRIED)
@given(st.lists(modules(), min_size=1, max_size=25))
def test_what_is_printed_is_formatted_and_clean(printed: list[Module]) -> None:
    with TemporaryDirectory() as folder:
        for number, module in enumerate(printed):
            text = print_module(module)
            ast.parse(text)
            Path(folder, f"module_{number}.py").write_text(text, encoding="utf-8", newline="")
        assert not ruff(Path(folder), "format", "--diff")
        assert not ruff(Path(folder), "check")


@given(values)
def test_a_literal_evaluates_to_its_value(value: str | bool | float | None) -> None:
    written = literal(value)
    read = ast.literal_eval(written)
    assert (type(read), repr(read)) == (type(value), repr(value))
    assert written.isprintable()


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.001, "0.001"),
        (1e-4, "1e-4"),
        (-1.25e-5, "-1.25e-5"),
        (5e-324, "5e-324"),
        (1e16, "1e16"),
        (-0.0, "-0.0"),
        (True, "True"),
        ("it's", '"it\'s"'),
        ('say "no"', "'say \"no\"'"),
        ("\\ \n \x00 \xa0 \u202e \U000e0001", r'"\\ \x0a \x00 \xa0 \u202e \U000e0001"'),
    ],
)
def test_how_a_literal_is_written(value: str | float, written: str) -> None:
    assert literal(value) == written


@given(st.lists(docs, min_size=1, max_size=3))
def test_a_docstring_keeps_its_text(paragraphs: list[str]) -> None:
    module = ast.parse(print_module(Module(tuple(paragraphs), (), ())))
    (only,) = module.body
    doc = ast.get_docstring(module)
    assert isinstance(only, ast.Expr)
    assert doc is not None
    assert [" ".join(part.split()) for part in doc.split("\n\n")] == [" ".join(p.split()) for p in paragraphs]


def test_a_docstring_of_any_length_is_formatted(tmp_path: Path) -> None:
    for length in range(70, 100):
        doc = "word " * (length // 5) + "." * (length % 5 + 1)
        forward = Function("forward", "self", "None", (Do(Fixed("print(nn)")),), doc)
        module = Module((doc,), (Import("torch", ("nn",)),), (Class("Model", Name("nn.Module"), doc, (forward,)),))
        (tmp_path / f"{length}.py").write_text(print_module(module))
    assert not ruff(tmp_path, "format", "--diff")


def test_imports_are_merged_and_in_order(tmp_path: Path) -> None:
    wanted = (
        Import("torch", ("nn", "Tensor")),
        Import("torch"),
        Import("typing", ("Any",)),
        Import("torch", ("F", "nn", "float32", "MAX_SIZE")),
        Import("torch.autograd.function", ("once_differentiable",)),
        Import("collections", ("OrderedDict",)),
        Import("math"),
    )
    text = print_module(Module(("A file.",), wanted, ()))
    assert text.splitlines()[2:] == [
        "import math",
        "from collections import OrderedDict",
        "from typing import Any",
        "",
        "import torch",
        "from torch import MAX_SIZE, F, Tensor, float32, nn",
        "from torch.autograd.function import once_differentiable",
    ]
    (tmp_path / "imports.py").write_text(text)
    assert not ruff(tmp_path, "check", "--select", "I")


def test_a_name_rejects_code() -> None:
    for text in ("", "a b", "a()", "a.", "1a", "é", "a\n", "class", "nn.None"):
        with pytest.raises(ValueError, match="is not a dotted name"):
            Name(text)


@pytest.mark.parametrize("keyword", ["", "a b", "a-b", "1a", "class", "None", "é", "a=1, b"])
def test_a_keyword_is_an_identifier(keyword: str) -> None:
    with pytest.raises(ValueError, match=f"{re.escape(repr(keyword))} cannot be the keyword of an argument"):
        call("f", **{keyword: 1})


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, np.float64("inf")])
def test_a_number_that_has_no_literal_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match=r"is not a finite number; write Fixed\('float\("):
        call("f", number(value))


@pytest.mark.parametrize("value", [b"a", 1j, [1], {}, np.int64(3), object(), Do])
def test_what_is_no_syntax_node_is_refused(value: Any) -> None:
    for make in (
        lambda: call("f", value),
        lambda: call("f", a=value),
        lambda: Literal(value),
        lambda: Tuple((value,)),
        lambda: List((Name("a"), value)),
        lambda: Sum((value,)),
        lambda: Call(value),
        lambda: Call(Name("f"), (value,)),
        lambda: Assign(Name("a"), value),
        lambda: Assign(value, Name("a")),
        lambda: Return(value),
        lambda: Do(value),
        lambda: Unpacked(value),
        lambda: Fixed(value),
    ):
        with pytest.raises(TypeError, match=re.escape(repr(value))):
            make()


def test_arguments_that_python_does_not_parse_are_refused() -> None:
    a, b, more = Argument(Name("a")), Argument(Name("b"), "b"), Argument(Unpacked(call("f")))
    for arguments, message in (
        ((b, a), "positional argument after a keyword"),
        ((more, a), "positional argument after a keyword"),
        ((b, more, b), "two arguments have the keyword 'b'"),
    ):
        with pytest.raises(ValueError, match=message):
            Call(Name("f"), arguments)
    ast.parse(print_module(Module(("A.",), (), (Main((Do(Call(Name("f"), (a, more, b))),)),))))
    for make in (lambda: Return(more.value), lambda: Tuple((more.value,)), lambda: Argument(more.value, "a")):
        with pytest.raises(TypeError, match="is no syntax node that can stand here"):
            make()
    with pytest.raises(ValueError, match="a sum of nothing"):
        Sum(())


def test_a_comment_stays_on_its_line() -> None:
    for make in (lambda: Argument(Name("a"), None, "a\nb"), lambda: Assign(Name("a"), Name("b"), "a\rb")):
        with pytest.raises(ValueError, match="cannot be a comment"):
            make()


def test_a_number_of_another_class_is_written_as_a_plain_one() -> None:
    assert [literal(value) for value in (np.float64(0.5), np.float64(1e-5), IntEnum("Size", {"one": 1})(1))] == [
        "0.5",
        "1e-5",
        "1",
    ]
