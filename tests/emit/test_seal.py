"""The seal tells emitted files from edited ones, and both from files that archc did not write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archc.emit.seal import DOT, MERMAID, PYTHON, XML, Comment, is_sealed, seal, was_sealed


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
        lambda text: text + "b = 2\n",
        lambda text: "\n".join(reversed(text.splitlines())),
    ],
)
def test_an_edited_file_was_sealed_once(edit) -> None:
    edited = edit(seal("a = 1\n"))
    assert not is_sealed(edited)
    assert was_sealed(edited)


@pytest.mark.parametrize("comment", [PYTHON, XML, DOT, MERMAID])
def test_lines_added_to_a_file_of_any_format_are_an_edit(comment: Comment) -> None:
    edited = seal("a\n", comment) + "b\n"
    assert not is_sealed(edited, comment)
    assert was_sealed(edited, comment)


@pytest.mark.parametrize(
    "foreign",
    ["", "\n", "a = 1\n", "# archc\n", "# archc is a compiler\na = 1\n", "a = 1\n# archc is a compiler\n"],
)
def test_a_foreign_file(foreign: str) -> None:
    assert not is_sealed(foreign)
    assert not was_sealed(foreign)
