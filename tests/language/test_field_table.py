"""The table of an op's fields matches its class."""

from typing import Any

import pytest
from pydantic import ValidationError

from archc.language.field_table import FieldRow, rows
from archc.ops import ops

MUST = [(name, row.name) for name, op in ops().items() for row in rows(op) if row.default is None]


def table(op: str) -> dict[str, tuple[str, str | None]]:
    return {row.name: (row.takes, row.default) for row in rows(ops()[op])}


def test_a_convolution() -> None:
    assert table("conv2d") == {
        "kernel": ("whole number from 1 or [height, width]", None),
        "filters": ("whole number from 1", None),
        "bias": ("`true` or `false`", "true"),
        "weight_init": (
            "`he_normal`, `he_uniform`, `glorot_normal`, `glorot_uniform`, `lecun_normal`, `lecun_uniform`, "
            "`orthogonal` or `zeros`; or {normal: {std}}, {truncated_normal: {std}}, "
            "{uniform: {limit}} or {constant: {value}}",
            "{he_normal: {}}",
        ),
        "bias_init": ("number", "0"),
        "padding": ("whole number from 0, [height, width], {top, bottom, left, right} or `same`", "0"),
        "rounding": ("`floor` or `ceil`", "floor"),
        "stride": ("whole number from 1 or [height, width]", "1"),
        "dilation": ("whole number from 1 or [height, width]", "1"),
        "groups": ("whole number from 1", "1"),
    }


def test_numbers_in_ranges() -> None:
    assert table("dropout") == {"rate": ("number from 0, below 1", None)}
    assert table("lrn")["alpha"] == ("number from 0", None)
    assert table("lrn")["beta"] == ("number above 0", None)


def test_ops_without_fields() -> None:
    assert rows(ops()["tanh"]) == ()


@pytest.mark.parametrize("row", [row for op in ops().values() for row in rows(op)], ids=lambda row: row.name)
def test_every_field_has_words(row: FieldRow) -> None:
    assert row.takes and row.meaning


@pytest.mark.parametrize(("op", "field"), MUST)
def test_what_must_be_written_is_missed(op: str, field: str) -> None:
    some: dict[str, Any] = {"op": op}
    with pytest.raises(ValidationError) as refused:
        ops()[op].model_validate(some)
    assert (field,) in {detail["loc"] for detail in refused.value.errors() if detail["type"] == "missing"}
