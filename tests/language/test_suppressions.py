"""A suppression hides advice at its own place and nowhere else."""

from __future__ import annotations

import pytest

from archc.analysis import analyse
from archc.fixing import fix

HEAD = "schema: archc/v1\nname: small\ninput: {image: [1, 8, 8]}\nlayers:\n"
POOL = "  pool1: {op: max_pool2d, kernel: 3, stride: 2}"


def codes(text: str) -> list[str]:
    return [finding.code for finding in analyse((HEAD + text).encode(), "small.yaml").findings]


@pytest.mark.parametrize(
    "comment",
    [
        "# archc: allow ARC902",
        "#archc:allow ARC902",
        "# archc: allow\tARC902 , ARC902",
        "# archc: allow ARC902 - why",
        "# archc: allow ARC902: why",
        "# archc: allow ARC902 — why, with ARC901 named",
        "# why  # archc: allow ARC902",
        "# archc: allow ARC902  # noqa",
    ],
)
def test_every_form_of_a_suppression(comment: str) -> None:
    assert codes(f"{POOL} {comment}\n") == []
    assert codes(f"  {comment}\n{POOL}\n") == []
    assert codes(f"{POOL}\n") == ["ARC902"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("  p:  # archc: allow ARC902 - why\n    op: max_pool2d\n    kernel: 3\n    stride: 2\n", 7),
        ("  # archc: allow ARC902 - why\n  p:\n    op: max_pool2d\n    kernel: 3\n    stride: 2\n", 8),
        ("  # archc: allow ARC902 - why\n  # and more\n\n  p: {op: max_pool2d, kernel: 3, stride: 2}\n", 8),
        ("  p:\n    op: max_pool2d\n    kernel: 3\n    stride: 2  # archc: allow ARC902 - why\n", 7),
        ("  p: {op: max_pool2d,  # archc: allow ARC902\n    kernel: 3,\n    stride: 2}\n", 6),
        ("  p: {op: max_pool2d,\n    kernel: 3,\n    stride: 2}\n    # archc: allow ARC902\n  b: {op: relu}\n", 6),
    ],
)
def test_a_suppression_at_another_line_of_its_layer_stays(text: str, line: int) -> None:
    found = analyse((HEAD + text).encode(), "small.yaml").findings
    (unused,) = (finding for finding in found if finding.code == "ARC990")
    assert (unused.help, unused.fix) == (f"move it to line {line}", ())
    (advice,) = (finding for finding in found if finding.code == "ARC902")
    assert advice.span.line == line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"  # archc: allow ARC902\n\n{POOL}\n", ["ARC990", "ARC902"]),
        (f"{POOL}\n  # archc: allow ARC902\n", ["ARC902", "ARC990"]),
        (f"  relu1: {{op: relu}}  # archc: allow ARC902\n{POOL}\n", ["ARC990", "ARC902"]),
        (f"{POOL}  # archc: allow ARC901\n", ["ARC902", "ARC990"]),
    ],
)
def test_a_suppression_on_another_line_or_of_another_code_is_unused(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


@pytest.mark.parametrize(
    "comment",
    [
        "# archc allow ARC902",
        "# see archc: it warns",
        "# myarchc: allow ARC902",
        "# archc",
        "# the archc: allow ARC902",
    ],
)
def test_the_word_archc_alone_is_not_a_suppression(comment: str) -> None:
    assert codes(f"{POOL} {comment}\n") == ["ARC902"]


def test_a_string_is_not_a_comment() -> None:
    assert codes(f'{POOL}\ntitle: "a # archc: allow ARC902"\n') == ["ARC902"]


@pytest.mark.parametrize(
    "comment",
    ["# archc:", "# archc: allow", "# archc: ARC902", "# archc: allow ARC902 ARC901", "# archc: allow(ARC902)"],
)
def test_an_invalid_suppression_suppresses_nothing(comment: str) -> None:
    assert codes(f"{POOL} {comment}\n") == ["ARC902", "ARC991"]


def test_an_error_is_never_suppressed() -> None:
    pool = POOL.replace("kernel: 3", "kernel: 9")
    assert codes(f"{pool}  # archc: allow ARC201\n") == ["ARC201", "ARC991"]


def test_a_suppression_is_not_unused_while_there_are_errors() -> None:
    assert codes(f"{POOL}  # archc: allow ARC902\n  pool2: {{op: max_pool2d, kernel: 9, stride: 1}}\n") == ["ARC201"]


@pytest.mark.parametrize(
    "layers",
    [
        "  relu1: {op: relu}  # archc: allow ARC902 - once\n  relu2: {op: relu}\n",
        "  relu1: {op: relu}\n  # archc: allow ARC902\n  relu2: {op: relu}\n",
        "  relu1: {op: relu}\n  relu2: {op: relu}\n  # archc: allow ARC902",
    ],
)
def test_the_fix_of_an_unused_suppression_deletes_it(layers: str) -> None:
    spec = HEAD + layers
    (finding,) = analyse(spec.encode(), "small.yaml").findings
    (edit,) = finding.fix
    mended = spec[: edit.span.start] + edit.text + spec[edit.span.end :]
    assert mended == HEAD + "  relu1: {op: relu}\n  relu2: {op: relu}\n"


@pytest.mark.parametrize(
    ("comment", "mended"),
    [
        ("ARC902, ARC903", "ARC902"),
        ("ARC903, ARC902", "ARC902"),
        ("ARC903,ARC902,ARC904", "ARC902"),
        ("ARC903, ARC902, ARC903", "ARC902"),
        ("ARC902, ARC903, ARC902 - as in 2012", "ARC902, ARC902 - as in 2012"),
        ("ARC902,ARC903  # noqa", "ARC902  # noqa"),
    ],
)
def test_the_fix_of_a_partly_unused_suppression_removes_the_unused_codes(comment: str, mended: str) -> None:
    spec = f"{HEAD}{POOL}  # archc: allow {comment}\n"
    fixed = fix(spec.encode(), "small.yaml")
    assert fixed.data.decode() == f"{HEAD}{POOL}  # archc: allow {mended}\n"
    assert fixed.analysis.findings == []


@pytest.mark.parametrize("reason", [" - ARC903 is meant by the paper", ": see ARC903"])
def test_a_reason_that_names_an_unused_code_is_the_author_s(reason: str) -> None:
    spec = f"{HEAD}{POOL}  # archc: allow ARC902, ARC903{reason}\n"
    (finding,) = analyse(spec.encode(), "small.yaml").findings
    assert (finding.help, finding.fix) == ("remove ARC903 from the comment", ())


def test_a_code_that_does_not_exist_stays_beside_an_unused_one() -> None:
    fixed = fix(f"{HEAD}{POOL}  # archc: allow ARC902, ARC999, ARC903\n".encode(), "small.yaml")
    assert fixed.data.decode().endswith("# archc: allow ARC902, ARC999\n")


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        ("ARC902, ARC902", "unused suppression: ARC902 is not reported on line 5"),
        ("ARC902, ARC903", "unused suppression: ARC902, ARC903 are not reported on line 5"),
    ],
)
def test_the_message_names_each_unused_code_once(comment: str, message: str) -> None:
    spec = f"{HEAD}  relu1: {{op: relu}}  # archc: allow {comment}\n"
    (finding,) = analyse(spec.encode(), "small.yaml").findings
    assert finding.message == message
