"""A comment silences advice at its own place and nowhere else."""

from __future__ import annotations

import pytest

from archc.analysis import analyse

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
def test_every_form_of_a_silence(comment: str) -> None:
    assert codes(f"{POOL} {comment}\n") == []
    assert codes(f"  {comment}\n{POOL}\n") == []
    assert codes(f"{POOL}\n") == ["ARC902"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"  # archc: allow ARC902\n\n{POOL}\n", ["ARC990", "ARC902"]),
        (f"{POOL}\n  # archc: allow ARC902\n", ["ARC902", "ARC990"]),
        (f"  relu1: {{op: relu}}  # archc: allow ARC902\n{POOL}\n", ["ARC990", "ARC902"]),
        (f"{POOL}  # archc: allow ARC901\n", ["ARC902", "ARC990"]),
    ],
)
def test_a_silence_elsewhere_or_of_another_code_is_unused(text: str, expected: list[str]) -> None:
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
def test_the_word_archc_alone_is_no_silence(comment: str) -> None:
    assert codes(f"{POOL} {comment}\n") == ["ARC902"]


def test_a_string_is_no_comment() -> None:
    assert codes(f'{POOL}\ntitle: "a # archc: allow ARC902"\n') == ["ARC902"]


@pytest.mark.parametrize(
    "comment",
    ["# archc:", "# archc: allow", "# archc: ARC902", "# archc: allow ARC902 ARC901", "# archc: allow(ARC902)"],
)
def test_a_silence_that_cannot_be_read_silences_nothing(comment: str) -> None:
    assert codes(f"{POOL} {comment}\n") == ["ARC902", "ARC991"]


def test_an_error_is_never_silenced() -> None:
    pool = POOL.replace("kernel: 3", "kernel: 9")
    assert codes(f"{pool}  # archc: allow ARC201\n") == ["ARC201", "ARC991"]


def test_what_is_unused_is_not_known_before_the_errors_are_mended() -> None:
    assert codes(f"{POOL}  # archc: allow ARC902\n  pool2: {{op: max_pool2d, kernel: 9, stride: 1}}\n") == ["ARC201"]


@pytest.mark.parametrize(
    "layers",
    [
        "  relu1: {op: relu}  # archc: allow ARC902 - once\n  relu2: {op: relu}\n",
        "  relu1: {op: relu}\n  # archc: allow ARC902\n  relu2: {op: relu}\n",
        "  relu1: {op: relu}\n  relu2: {op: relu}\n  # archc: allow ARC902",
    ],
)
def test_an_unused_silence_is_deleted_to_mend_it(layers: str) -> None:
    spec = HEAD + layers
    (finding,) = analyse(spec.encode(), "small.yaml").findings
    (edit,) = finding.fix
    mended = spec[: edit.span.start] + edit.text + spec[edit.span.end :]
    assert mended == HEAD + "  relu1: {op: relu}\n  relu2: {op: relu}\n"
