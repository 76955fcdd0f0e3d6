"""The seal tells emitted files from edited ones, and both from files that archc did not write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archc.emit.seal import is_sealed, seal, was_sealed


@given(st.text().map(lambda text: text + "\n"))
def test_what_was_sealed_is_known(text: str) -> None:
    sealed = seal(text)
    assert sealed.startswith(text)
    assert is_sealed(sealed)
    assert was_sealed(sealed)


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text.replace("a = 1", "a = 2"),
        lambda text: "\n" + text,
        lambda text: text.replace("\n# archc", "\n\n# archc"),
    ],
)
def test_an_edited_file_was_sealed_once(edit) -> None:
    edited = edit(seal("a = 1\n"))
    assert not is_sealed(edited)
    assert was_sealed(edited)


@pytest.mark.parametrize(
    "foreign",
    ["", "\n", "a = 1\n", "# archc\n", seal("a = 1\n") + "b = 2\n", "# archc is a compiler\na = 1\n"],
)
def test_a_foreign_file(foreign: str) -> None:
    assert not is_sealed(foreign)
    assert not was_sealed(foreign)
