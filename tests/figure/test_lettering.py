"""Upper bounds on text widths, and text folded to fit them."""

from __future__ import annotations

import pytest
from dejavu import ADVANCES, width
from hypothesis import given
from hypothesis import strategies as st

from archc.figure.lettering import FONTS, bound, folded


@pytest.mark.parametrize("style", FONTS)
def test_no_character_is_wider_than_its_bound(style) -> None:
    font = FONTS[style]
    printable = {chr(code) for code in range(32, 127)} | set("×→–…")
    assert printable == set(ADVANCES[font.bold])
    for character in printable:
        assert width(character, font.size, bold=font.bold) <= bound(character, style), character


@given(st.text(st.characters(categories=("L", "N", "P", "Zs")), max_size=200), st.floats(20, 400))
def test_folded_text_keeps_to_the_room_and_loses_nothing(text: str, room: float) -> None:
    lines = folded(text, "title", room)
    assert all(bound(line, "title") <= room for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())
