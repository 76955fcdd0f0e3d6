"""The pictures of a folder, and the message for a folder that cannot be used."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archc.failure import FINDING, Failure
from archc.pictures.folder import Pictures, find_pictures


def touch(root: Path, *files: str) -> Path:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()
    return root


def names(root: Path, labelled: tuple[tuple[Path, int], ...]) -> list[tuple[str, int]]:
    return [(file.relative_to(root).as_posix(), label) for file, label in labelled]


def test_train_and_val_folders_are_taken_as_they_are(tmp_path: Path) -> None:
    touch(tmp_path, "train/dog/1.jpg", "train/cat/2.png", "train/cat/1.png", "val/dog/9.jpg", "val/cat/9.jpg")
    found = find_pictures(tmp_path)
    assert found.classes == ("cat", "dog")
    assert names(tmp_path, found.train) == [("train/cat/1.png", 0), ("train/cat/2.png", 0), ("train/dog/1.jpg", 1)]
    assert names(tmp_path, found.val) == [("val/cat/9.jpg", 0), ("val/dog/9.jpg", 1)]


def test_suffixes_in_any_case_count_and_everything_else_is_passed_over(tmp_path: Path) -> None:
    taken = ["a/1.JPG", "a/2.jpeg", "a/3.PnG"]
    touch(tmp_path, *taken, "b/1.jpg", "b/2.jpg")
    touch(tmp_path, "a/notes.txt", "a/.hidden.jpg", "a/._1.jpg", "a/folder/inside.jpg", ".git/1.jpg", "README.md")
    found = find_pictures(tmp_path)
    assert found.classes == ("a", "b")
    assert sorted(name for name, label in names(tmp_path, found.train + found.val) if label == 0) == taken


def test_links_to_files_and_folders_are_followed(tmp_path: Path) -> None:
    elsewhere = touch(tmp_path / "elsewhere", "1.jpg", "2.jpg")
    root = touch(tmp_path / "root", "a/1.jpg")
    (root / "a/2.jpg").symlink_to(elsewhere / "2.jpg")
    (root / "b").symlink_to(elsewhere)
    assert len(find_pictures(root).train + find_pictures(root).val) == 4


@pytest.mark.parametrize(("count", "held"), [(2, 1), (9, 1), (19, 1), (20, 2), (100, 10)])
def test_a_tenth_of_each_class_is_held_out(tmp_path: Path, count: int, held: int) -> None:
    touch(tmp_path, *(f"{name}/{number}.jpg" for name in "ab" for number in range(count)))
    found = find_pictures(tmp_path)
    assert [label for _, label in found.val] == [0] * held + [1] * held
    assert len(found.train) == 2 * (count - held)


def split_of(classes: dict[str, list[str]]) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """What is trained on and what is held out, with the files made in the order given, in a folder of its own."""
    with TemporaryDirectory() as folder:
        root = touch(Path(folder), *(f"{name}/{file}" for name, files in classes.items() for file in files))
        found = find_pictures(root)
        return names(root, found.train), names(root, found.val)


@settings(max_examples=25)
@given(
    files=st.lists(st.from_regex(r"[a-z0-9_]{1,12}\.(jpg|png)", fullmatch=True), min_size=2, max_size=30, unique=True),
    order=st.randoms(use_true_random=False),
)
def test_the_split_depends_on_names_alone(files: list[str], order: object) -> None:
    train, val = split_of({"a": files, "b": files})
    assert not set(train) & set(val)
    assert {name for name, _ in train + val} == {f"{letter}/{file}" for letter in "ab" for file in files}
    shuffled = list(files)
    order.shuffle(shuffled)  # pyright: ignore[reportAttributeAccessIssue]
    assert split_of({"c": ["1.jpg", "2.jpg"], "b": shuffled, "a": shuffled})[1][: len(val)] == val


def refused(root: Path) -> Failure:
    with pytest.raises(Failure) as failure:
        find_pictures(root)
    assert failure.value.code == FINDING
    return failure.value


@pytest.mark.parametrize(
    ("files", "message", "help"),
    [
        ([], "{root} contains no class folders", "the layout is DIR/train/CLASS"),
        (["readme.txt"], "{root} contains no class folders", "the layout is DIR/train/CLASS"),
        (["1.jpg", "2.PNG"], "{root} contains pictures, but no class folders", "or DIR/CLASS/*.jpg"),
        (["a/1.jpg", "a/2.jpg"], "{root} contains only one class", "use two or more"),
        (["a/1.jpg", "a/2.jpg", "b/1.txt"], "{root}/b contains no pictures", ".jpg, .jpeg, .png"),
        (
            ["a/1.jpg", "a/2.jpg", "b/1.txt", "c/1.txt"],
            "in {root}, 2 classes contain no pictures: b, c",
            "directly into the class's folder, or remove it",
        ),
        # A folder above that of the data: its other folders must not be removed.
        (
            ["notes/a.txt", "shapes/train/a/1.jpg", "shapes/val/a/1.jpg"],
            "in {root}, 2 classes contain no pictures: notes, shapes",
            "use `--data {root}/shapes`, which contains class folders",
        ),
        (
            ["shapes/a/1.jpg", "shapes/b/1.jpg"],
            "{root}/shapes contains no pictures",
            "use `--data {root}/shapes`, which contains class folders",
        ),
        (
            ["train/a/b/1.jpg", "train/a/c/1.jpg", "val/a/1.jpg"],
            "{root}/train/a contains no pictures",
            "directly into the class's folder, or remove it",
        ),
        (["a/1.jpg", "b/1.jpg"], "in {root}, 2 classes contain only one picture: a, b", "add a second one"),
        (
            ["a/1.jpg", "a/2.jpg", "b/1.jpg"],
            "{root}/b contains only one picture",
            "at least one picture per class is held out",
        ),
        (["train/a/1.jpg", "train/b/1.jpg"], "{root}/val is missing", "the layout is DIR/train/CLASS"),
        (["val/a/1.jpg", "val/b/1.jpg"], "{root}/train is missing", "the layout is DIR/train/CLASS"),
        (["train/1.jpg", "val/1.jpg"], "{root}/train contains pictures, but no class folders", "or DIR/CLASS/*.jpg"),
        (
            ["train/a/1.jpg", "train/b/1.jpg", "val/a/1.jpg", "val/c/1.jpg"],
            "train/ and val/ in {root} have different classes: only train/ has b; only val/ has c",
            "the same class folders",
        ),
        (
            ["train/b/1.jpg", "train/c/1.jpg", "val/a/1.jpg", "val/b/1.jpg", "val/c/1.jpg"],
            "train/ and val/ in {root} have different classes: only val/ has a",
            "the same class folders",
        ),
    ],
)
def test_a_folder_that_cannot_be_used_is_refused_with_the_fix(
    tmp_path: Path, files: list[str], message: str, help: str
) -> None:
    failure = refused(touch(tmp_path, *files))
    assert failure.message == message.format(root=tmp_path)
    assert help.format(root=tmp_path) in failure.help


def test_what_is_not_a_folder_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path / "gone").message == f"{tmp_path / 'gone'} is not a folder"
    (tmp_path / "file").touch()
    assert refused(tmp_path / "file").message == f"{tmp_path / 'file'} is not a folder"


def test_what_has_a_pictures_name_counts_so_that_reading_it_reports_it(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.jpg", "a/2.jpg", "b/folder.jpg/inside.jpg")
    broken = [tmp_path / "b" / name for name in ("circle.jpg", "dangling.jpg", "folder.jpg", "pipe.jpg")]
    broken[0].symlink_to(broken[0])
    broken[1].symlink_to(tmp_path / "gone.jpg")
    os.mkfifo(broken[3])
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    found = find_pictures(tmp_path)
    assert found.classes == ("a", "b")
    assert {file for file, label in found.train + found.val if label == 1} == set(broken)


def test_names_that_are_not_text_are_found(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.jpg", "a/2.jpg", "b/1.jpg", "b/2.jpg")
    odd = tmp_path / "a" / os.fsdecode(b"\xff.jpg")
    odd.touch()
    found: Pictures = find_pictures(tmp_path)
    assert odd in {file for file, _ in found.train + found.val}
