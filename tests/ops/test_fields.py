"""How sizes and paddings are written, and what is refused."""

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from archc.ops.fields import Margins, PaddingField, Size, SizeField

SIZE: TypeAdapter[Size] = TypeAdapter(SizeField)
PADDING: TypeAdapter[Margins | str] = TypeAdapter(PaddingField)


@pytest.mark.parametrize(("written", "size"), [(3, (3, 3)), ([3, 5], (3, 5)), ([1, 2**31 - 1], (1, 2**31 - 1))])
def test_a_size_is_one_number_or_height_and_width(written: object, size: tuple[int, int]) -> None:
    assert SIZE.validate_python(written) == size


@pytest.mark.parametrize("written", [0, -1, 1.0, True, "3", None, [], [3], [3, 3, 3], [3, 0], [3, "3"], {"height": 3}])
def test_what_is_no_size_is_refused(written: object) -> None:
    with pytest.raises(ValidationError, match=r"a whole number from 1, or \[height, width\]"):
        SIZE.validate_python(written)


@pytest.mark.parametrize(
    ("written", "padding"),
    [
        (0, Margins(0, 0, 0, 0)),
        (2, Margins(2, 2, 2, 2)),
        ([1, 2], Margins(1, 1, 2, 2)),
        ({"top": 1, "bottom": 2, "left": 3, "right": 0}, Margins(1, 2, 3, 0)),
        ("same", "same"),
    ],
)
def test_the_forms_of_a_padding(written: object, padding: Margins | str) -> None:
    assert PADDING.validate_python(written) == padding


SIDES = {"top": 0, "bottom": 0, "left": 0, "right": 0}


@pytest.mark.parametrize(
    "written",
    [
        -1,
        0.5,
        True,
        None,
        "valid",
        [1],
        [1, -1],
        {},
        {"top": 1},
        SIDES | {"top": -1},
        SIDES | {"top": "1"},
        SIDES | {"front": 0},
    ],
)
def test_what_is_no_padding_is_refused(written: object) -> None:
    with pytest.raises(ValidationError, match=r"\{top, bottom, left, right\} or `same`"):
        PADDING.validate_python(written)


@pytest.mark.parametrize(
    ("margins", "symmetric"),
    [
        (Margins(1, 1, 2, 2), Size(1, 2)),
        (Margins(0, 1, 2, 2), None),
        (Margins(1, 1, 2, 0), None),
    ],
)
def test_margins_know_whether_both_sides_are_alike(margins: Margins, symmetric: Size | None) -> None:
    assert margins.symmetric == symmetric


def test_a_size_goes_back_to_the_form_it_was_written_in() -> None:
    class Cropped(BaseModel):
        crop: SizeField

    cropped = Cropped.model_validate({"crop": [3, 5]})
    assert Cropped.model_validate_json(cropped.model_dump_json()) == cropped
