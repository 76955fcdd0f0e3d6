"""Findings as GitHub's workflow commands."""

from archc.analysis import analyse
from archc.diagnostics.finding import report
from archc.diagnostics.github import render
from archc.source import Source, Span


def finding(name: str, text: str, start: int, end: int, message: str = "wrong", code: str = "ARC105", **more: str):
    return report(Span(Source(name, text), start, end), code, message, **more)  # pyright: ignore[reportArgumentType]


def test_a_command_for_each_finding_with_the_arithmetic_and_the_fix() -> None:
    layer = "a: {op: conv2d, filters: 4, kernel: 3, groups: 3}"
    text = f"schema: archc/v1\nname: a\ninput: {{image: [3, 8, 8]}}\nlayers:\n  {layer}\n"
    found = render(analyse(text.encode(), "a.yaml").findings)
    assert found.startswith(
        "::error file=a.yaml,line=5,col=50,endLine=5,endColumn=51,"
        "title=ARC210%3A filters or maps not divisible by groups::"
        "a.yaml:5:50: error[ARC210]: a's 4 filters do not split into 3 groups%0A4 / 3 is not whole"
    )
    assert found.count("\n") == 1


def test_advice_is_a_warning() -> None:
    assert render([finding("a.yaml", "a", 0, 1, code="ARC901")]).startswith("::warning file=a.yaml,")


def test_what_would_end_a_property_or_the_message_is_escaped() -> None:
    (line,) = render([finding("100%, a:b.yaml", "a", 0, 1, "50 %\r\n::error::x", help="a,b: %0A")]).splitlines()
    assert line == (
        "::error file=100%25%2C a%3Ab.yaml,line=1,col=1,endLine=1,endColumn=2,"
        "title=ARC105%3A invalid value::"
        "100%25, a:b.yaml:1:1: error[ARC105]: 50 %25\\u000d\\u000a::error::x%0Aa,b: %250A"
    )


def test_a_place_of_several_lines_has_no_columns() -> None:
    assert render([finding("a.yaml", "a\nb", 0, 3)]).startswith("::error file=a.yaml,line=1,endLine=2,title=")
