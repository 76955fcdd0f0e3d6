"""Advice never makes a spec unusable, and there is none if nothing is to decide."""

from collections.abc import Callable

import pytest

from archc.analysis import Analysis, analyse

Check = Callable[..., Analysis]
POOL = "pool1: {op: max_pool2d, kernel: %s, stride: %s%s}"


def advice(analysis: Analysis) -> list[str]:
    assert analysis.facts is not None
    assert {finding.severity for finding in analysis.findings} <= {"advice"}
    return [finding.message for finding in analysis.findings]


@pytest.mark.parametrize(
    ("image", "pool", "expected"),
    [
        ("[1, 9, 9]", (3, 2, ""), []),
        ("[1, 10, 9]", (3, 2, ""), ["pool1 never reads the last row"]),
        ("[1, 9, 10]", (3, 2, ""), ["pool1 never reads the last column"]),
        ("[1, 10, 12]", (3, "[2, 5]", ""), ["pool1 never reads the last row and 4 columns"]),
        ("[1, 10, 10]", (3, 2, ", rounding: ceil"), []),
        ("[1, 10, 10]", (3, 2, ", padding: same"), []),
        # Rounded down, but what is left over is padding.
        ("[1, 10, 10]", (3, 2, ", padding: 1"), []),
        ("[1, 11, 11]", (2, 4, ", padding: 1, rounding: ceil"), ["pool1 never reads the last 2 rows and 2 columns"]),
    ],
)
def test_input_that_no_window_reads(check: Check, image: str, pool: tuple[object, ...], expected: list[str]) -> None:
    assert advice(check(POOL % pool, image=image)) == expected


def test_the_figures_are_shown_and_rounding_up_proposed_only_where_it_is_not_used(check: Check) -> None:
    (finding,) = check(POOL % (3, 2, ""), image="[1, 10, 9]").findings
    assert finding.notes == (
        "⌊(10 - 3) / 2⌋ + 1 = 4, (9 - 3) / 2 + 1 = 4",
        "4 windows of 3 with stride 2 cover 9 of 10",
    )
    assert finding.help == "use `rounding: ceil`, other padding or another size"
    (finding,) = check(POOL % (2, 4, ", padding: 1, rounding: ceil"), image="[1, 11, 11]").findings
    assert finding.help == "use other padding or another size"


def test_a_single_window_is_counted_in_the_singular(check: Check) -> None:
    (finding,) = check(POOL % (6, 3, ""), image="[1, 8, 8]").findings
    assert finding.notes == ("⌊(8 - 6) / 3⌋ + 1 = 1", "one window of 6 covers 6 of 8")


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (["a: {op: conv2d, filters: 2, kernel: 3}"], "a sets no `weight_init`; he_normal is used"),
        (
            ["flat: {op: flatten}", *(f"d{number}: {{op: dense, units: 2}}" for number in range(2))],
            "d0 and 1 other layer set no `weight_init`; he_normal is used",
        ),
        (
            ["flat: {op: flatten}", *(f"d{number}: {{op: dense, units: 2}}" for number in range(3))],
            "d0 and 2 other layers set no `weight_init`; he_normal is used",
        ),
    ],
)
def test_layers_without_an_initialisation_are_one_advice(layers: list[str], message: str) -> None:
    head = "schema: archc/v1\nname: small\ninput: {image: [4, 8, 8]}\nlayers:\n"
    analysis = analyse((head + "".join(f"  {layer}\n" for layer in layers)).encode(), "small.yaml")
    assert advice(analysis) == [message]
    op = "conv2d" if "conv2d" in layers[0] else "dense"
    assert analysis.findings[0].help == f"add `defaults: {{{op}: {{weight_init: {{he_normal: {{}}}}}}}}`"
