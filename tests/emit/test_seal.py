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
        lambda text: "b = 2\n" + text,
        lambda text: "# mine\n" + text,
        lambda text: text.replace("a = 1", "a = 1  # mine"),
        lambda text: text + "b = 2\n",
        lambda text: text + "\tb = (\n",
        lambda text: text.rstrip() + " and more",
        lambda text: text + text,
        lambda text: "\n".join(reversed(text.splitlines())),
    ],
)
def test_an_edited_file_was_sealed_once(edit) -> None:
    edited = edit(seal("a = 1\n"))
    assert not is_sealed(edited)
    assert was_sealed(edited)


@pytest.mark.parametrize(
    "layout",
    [
        lambda text: "\n\n" + text,
        lambda text: text.replace("\n# archc", "\n\n\n# archc"),
        lambda text: text.replace("a = 1", "a=(1)"),
        lambda text: text.replace("a = 1", "a = \\\n    1"),
        lambda text: text.rstrip(),
        lambda text: text + "\n \n",
    ],
)
def test_a_change_of_layout_is_not_an_edit(layout) -> None:
    changed = layout(seal("a = 1\n"))
    assert is_sealed(changed)
    assert was_sealed(changed)


@pytest.mark.parametrize("comment", [XML, DOT, MERMAID])
def test_layout_counts_in_other_formats(comment: Comment) -> None:
    assert not is_sealed("\n" + seal("a\n", comment), comment)


def test_a_sum_of_thousands_is_sealed() -> None:
    text = f"x = {' + '.join('a' * 20_000)}\n"
    assert is_sealed(seal(text))
    assert not is_sealed(seal(text).replace("+ a", "- a", 1))


def test_the_start_of_an_emitted_file_was_sealed() -> None:
    assert was_sealed('"""A.\n\nEmitted by `archc build a.yaml --backend torch`; SHA-256 of a.yaml:\n')


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
