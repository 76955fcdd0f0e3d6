"""Numbers as articles write them: a total in millions or in bytes, and the shape of a kernel's weights."""

from __future__ import annotations

import re

import pytest

from archc.analysis import analyse

TEXT = """schema: archc/v1
name: a
input: {image: [3, 32, 32]}
layers:
  conv1: {op: conv2d, filters: 96, kernel: 11, weight_init: {he_normal: {}}}
expect: {parameters: 34944}
"""


def _help(old: str, new: str) -> str | None:
    assert old in TEXT
    (finding,) = analyse(TEXT.replace(old, new).encode(), "a.yaml").findings
    return finding.help


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ('"34,944"', 34944),
        ('"34 944"', 34944),
        ('"34\u202f944"', 34944),
        ("60.965.224", 60965224),
        ("60.9 million", 60900000),
        ("60.9 Million parameters", 60900000),
        ("~61M", 61000000),
        ('"60,9M"', 60900000),
        ("34.9K", 34900),
        ("35 thousand", 35000),
    ],
)
def test_a_total_in_another_spelling(written: str, number: int) -> None:
    assert _help("34944", written) == f"write `{number}`"


def test_a_point_may_separate_thousands() -> None:
    assert _help("34944", '"34.944"') == "did you mean `34944`?"


@pytest.mark.parametrize("written", ["61 lakh", '"1.23.456"'])
def test_an_ambiguous_total_is_not_guessed(written: str) -> None:
    assert _help("34944", written) is None


@pytest.mark.parametrize(("written", "number"), [("244MB", 61000000), ("244 MB", 61000000), ("233MiB", 61079552)])
def test_a_total_in_bytes_is_not_a_number_of_parameters(written: str, number: int) -> None:
    assert _help("34944", written) == f"write their number, such as `{number}`"


@pytest.mark.parametrize(
    "written", ["[11, 11, 3]", "[3, 11, 11]", "11x11x3", "11×11×3", "[11, 11, 3, 96]", "[96, 3, 11, 11]"]
)
def test_the_shape_of_the_weights_of_a_kernel(written: str) -> None:
    help = _help("kernel: 11", f"kernel: {written}")
    assert help == "write `11`"
    assert re.search(r"depth of a kernel", str(analyse(TEXT.replace("11", written, 1).encode(), "a.yaml").findings))


@pytest.mark.parametrize("written", ["[1, 2, 3]", "[11, 3, 7, 5]"])
def test_other_shapes_are_not_guessed(written: str) -> None:
    assert _help("kernel: 11", f"kernel: {written}") is None
