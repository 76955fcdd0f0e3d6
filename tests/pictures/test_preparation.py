"""From a square to views: where they are cut, what is subtracted, how colours are changed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from archc.failure import ENVIRONMENT, Failure
from archc.language.data_recipe import DataRecipe
from archc.pictures import preparation
from archc.pictures.decoding import square
from archc.pictures.preparation import Array, Statistics, measure
from archc.pictures.preparation import test_views as views_to_test  # pytest would collect it by its own name
from archc.training.order import VIEW

N = 12
"""Pixels of a side of the square."""


@pytest.fixture
def numbered(tmp_path: Path) -> Path:
    """A picture whose every pixel is another: red is its row, green its column."""
    rows, columns = np.mgrid[:N, :N]
    file = tmp_path / "numbered.png"
    Image.fromarray(np.stack([rows, columns, 0 * rows], -1).astype(np.uint8)).save(file)
    return file


def recipe(**changes: Any) -> DataRecipe:
    plain = {"resize": N, "crop": [8, 10], "mirror": False, "color_pca": 0, "mean": "none"}
    return DataRecipe.model_validate({**plain, **changes})


def nothing(channels: int = 3) -> Statistics:
    zeros = np.zeros((N, N, channels), np.float32)
    return Statistics(zeros, np.ones(channels, np.float32), np.zeros((channels, channels), np.float32))


def training_view(file: Path, data: DataRecipe, statistics: Statistics, *, seed: int, epoch: int, index: int) -> Array:
    """A training view as the network reads it."""
    parts = preparation.training_view(file, data, statistics.colours, seed=seed, epoch=epoch, index=index)
    assert parts[0].dtype == np.uint8
    (view,) = statistics.normalisation.apply(*(part[None] for part in parts))
    return view


def place(view: Array) -> tuple[int, int, bool]:
    """Where a view of the numbered picture was cut, and whether it is mirrored."""
    columns = view[0, :, 1]
    mirrored = bool(columns[0] > columns[-1])
    return int(view[0, 0, 0]), int(columns.min()), mirrored


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(height=st.integers(1, N), width=st.integers(2, N), index=st.integers(0, 10**7), epoch=st.integers(0, 90))
def test_a_crop_lies_within_the_square(numbered: Path, height: int, width: int, index: int, epoch: int) -> None:
    data = recipe(crop=[height, width], mirror=True)
    view = training_view(numbered, data, nothing(), seed=0, epoch=epoch, index=index)
    top, left, mirrored = place(view)
    expected = np.mgrid[top : top + height, left : left + width].transpose(1, 2, 0)
    assert view.shape == (height, width, 3)
    assert view.dtype == np.float32
    np.testing.assert_array_equal((view[:, ::-1] if mirrored else view)[..., :2], expected)


def test_every_place_is_cut_and_half_of_the_views_are_mirrored(numbered: Path) -> None:
    data = recipe(mirror=True)
    seen = [place(training_view(numbered, data, nothing(), seed=0, epoch=0, index=index)) for index in range(600)]
    assert {(top, left) for top, left, _ in seen} == {(top, left) for top in range(5) for left in range(3)}
    assert 0.42 < np.mean([mirrored for _, _, mirrored in seen]) < 0.58


@pytest.mark.parametrize("mean", ["pixel", "channel", "none"])
@pytest.mark.parametrize("std", ["none", "channel"])
@pytest.mark.parametrize("color_pca", [0, 0.1])
def test_views_in_bytes_are_normalised_to_the_bit_as_each_picture_by_itself(
    random_files: list[Path], mean: str, std: str, color_pca: float
) -> None:
    data = recipe(mirror=True, mean=mean, std=std, color_pca=color_pca)
    statistics = measure(random_files, data, channels=3)
    sides: set[bool] = set()
    for index in range(20):
        file, random = random_files[index % 9], np.random.default_rng((3, 1, VIEW, index))
        top, left, mirrored = int(random.integers(5)), int(random.integers(3)), bool(random.integers(2))
        window = np.s_[top : top + 8, left : left + 10]
        expected = square(file, N, channels=3)[window] - statistics.mean[window]
        expected = expected[:, ::-1] if mirrored else expected
        if color_pca:
            expected = expected + statistics.colours @ (random.standard_normal(3, np.float32) * np.float32(color_pca))
        found = training_view(file, data, statistics, seed=3, epoch=1, index=index)
        np.testing.assert_array_equal(found, expected / statistics.std)
        sides.add(mirrored)
    assert sides == {False, True}


def test_nothing_is_mirrored_unless_asked_for(numbered: Path) -> None:
    seen = [place(training_view(numbered, recipe(), nothing(), seed=0, epoch=0, index=index)) for index in range(40)]
    assert not any(mirrored for _, _, mirrored in seen)


def test_a_view_is_drawn_by_seed_epoch_and_index(numbered: Path) -> None:
    data = recipe(mirror=True)

    def places(seed: int, epoch: int) -> list[tuple[int, int, bool]]:
        return [place(training_view(numbered, data, nothing(), seed=seed, epoch=epoch, index=i)) for i in range(30)]

    assert places(0, 0) == places(0, 0)
    assert places(0, 0) != places(0, 1)
    assert places(0, 0) != places(1, 0)


def test_ten_views_are_four_corners_and_the_centre_then_mirrored(numbered: Path) -> None:
    views = views_to_test(numbered, recipe(), nothing(), test="ten_crop")
    places = [(0, 0), (0, 2), (4, 0), (4, 2), (2, 1)]
    assert [place(view) for view in views] == [(*p, mirrored) for mirrored in (False, True) for p in places]
    assert views.shape == (10, 8, 10, 3)
    assert views.dtype == np.float32


def test_the_centre_view_is_the_fifth_of_ten(numbered: Path) -> None:
    (centre,) = views_to_test(numbered, recipe(), nothing(), test="center")
    np.testing.assert_array_equal(centre, views_to_test(numbered, recipe(), nothing(), test="ten_crop")[4])


@pytest.fixture
def random_files(tmp_path: Path, fill: Callable[..., Path]) -> list[Path]:
    return sorted(fill(tmp_path / "set", {"a": 9}, size=(N, N)).rglob("*.png"))


def stacked(files: list[Path]) -> NDArray[np.float64]:
    return np.stack([np.asarray(Image.open(file), np.float64) for file in files])


def test_what_is_subtracted(random_files: list[Path]) -> None:
    pixels = stacked(random_files)
    expected = {
        "pixel": pixels.mean(0),
        "channel": np.broadcast_to(pixels.mean((0, 1, 2)), (N, N, 3)),
        "none": np.zeros((N, N, 3)),
    }
    for kind, mean in expected.items():
        found = measure(random_files, recipe(mean=kind), channels=3).mean
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, mean, rtol=1e-6)


def test_pictures_have_unit_variance_over_their_channels_deviation(random_files: list[Path]) -> None:
    pixels = stacked(random_files)
    statistics = measure(random_files, recipe(mean="channel", std="channel"), channels=3)
    assert statistics.std.dtype == np.float32
    np.testing.assert_allclose(statistics.std, pixels.std((0, 1, 2)), rtol=1e-6)
    data = recipe(crop=[N, N], mean="channel", std="channel")
    views = np.stack([views_to_test(file, data, statistics, test="center")[0] for file in random_files])
    np.testing.assert_allclose(views.mean((0, 1, 2)), 0, atol=1e-6)
    np.testing.assert_allclose(views.std((0, 1, 2)), 1, rtol=1e-5)


@pytest.mark.parametrize("kind", ["pixel", "channel", "none"])
def test_a_scale_cancels_where_the_deviation_is_measured(random_files: list[Path], kind: str) -> None:
    plain, scaled = (
        measure(random_files, recipe(mean=kind, std="channel", scale=scale), channels=3) for scale in (1, 255)
    )
    np.testing.assert_array_equal(plain.mean, scaled.mean)
    np.testing.assert_array_equal(plain.std, scaled.std)


@pytest.mark.parametrize(
    "fields",
    [
        {"scale": 255, "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]},
        {"scale": 1, "mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]},
        {"scale": 127.5, "mean": 1, "std": "none"},
        {"scale": 255, "mean": "none", "std": 0.5},
        {"scale": 255, "mean": "none"},
    ],
)
def test_numbers_are_of_the_scaled_values(random_files: list[Path], fields: dict[str, Any]) -> None:
    """As torchvision normalises: what `ToTensor` divides by 255, less the mean, over the deviation."""
    data = recipe(**fields)
    statistics = measure(random_files, data, channels=3)
    pixels = np.asarray(Image.open(random_files[0]), np.float64)[4:, 2:]
    mean, std = (0 if isinstance(number, str) else np.array(number) for number in (data.mean, data.std))
    expected = (pixels / fields["scale"] - mean) / (std if data.std != "none" else 1)
    views = views_to_test(random_files[0], data, statistics, test="ten_crop")
    assert views.dtype == np.float32
    np.testing.assert_allclose(views[3], expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(views[8], expected[:, ::-1], rtol=1e-5, atol=1e-5)


def test_the_papers_pictures_are_not_divided(random_files: list[Path]) -> None:
    data = recipe(mean="pixel")
    statistics = measure(random_files, data, channels=3)
    assert statistics.std.tolist() == [1, 1, 1]
    expected = np.asarray(Image.open(random_files[0]), np.float32)[2:10, 1:11] - statistics.mean[2:10, 1:11]
    np.testing.assert_array_equal(views_to_test(random_files[0], data, statistics, test="center")[0], expected)


def test_a_channel_that_is_the_same_everywhere_is_not_divided(tmp_path: Path) -> None:
    file = tmp_path / "one.png"
    Image.new("RGB", (N, N), (9, 99, 199)).save(file)
    data = recipe(mean="channel", std="channel")
    statistics = measure([file], data, channels=3)
    assert statistics.std.tolist() == [1, 1, 1]
    np.testing.assert_allclose(views_to_test(file, data, statistics, test="center"), 0, atol=1e-4)


def test_colour_noise_is_divided_as_well(random_files: list[Path]) -> None:
    """It shifts the colours of a picture, before that is normalised."""
    shown = [
        training_view(random_files[0], data, measure(random_files, data, channels=3), seed=0, epoch=0, index=0)
        for data in (recipe(mean="channel", std=std, color_pca=0.1) for std in ("none", "channel"))
    ]
    std = measure(random_files, recipe(std="channel"), channels=3).std
    np.testing.assert_allclose(shown[1], shown[0] / std, rtol=1e-6)


def test_the_mean_is_subtracted_where_the_crop_was_cut(random_files: list[Path]) -> None:
    data = recipe(mean="pixel")
    statistics = measure(random_files, data, channels=3)
    plain = np.asarray(Image.open(random_files[0]), np.float32) - statistics.mean
    views = views_to_test(random_files[0], data, statistics, test="ten_crop")
    np.testing.assert_allclose(views[3], plain[4:, 2:], rtol=1e-6)
    np.testing.assert_allclose(views[8], plain[4:, 2:][:, ::-1], rtol=1e-6)


def test_the_colours_components_multiply_to_their_covariance(random_files: list[Path]) -> None:
    colours = measure(random_files, recipe(), channels=3).colours.astype(np.float64)
    expected = np.cov(stacked(random_files).reshape(-1, 3), rowvar=False, bias=True)
    np.testing.assert_allclose(colours @ colours.T, expected, rtol=1e-5, atol=1e-2)
    products = colours.T @ colours
    np.testing.assert_allclose(products, np.diag(np.diag(products)), atol=1e-2)


def test_the_statistics_depend_on_no_number_of_threads(random_files: list[Path]) -> None:
    one, four = (measure(random_files, recipe(mean="pixel"), channels=3, threads=threads) for threads in (1, 4))
    np.testing.assert_array_equal(one.mean, four.mean)
    np.testing.assert_array_equal(one.colours, four.colours)


def test_colour_noise_has_a_tenth_of_the_pictures_own_spread(random_files: list[Path]) -> None:
    """The same for every pixel of a view, and over many views with 0.1² of the colours' covariance."""
    statistics = measure(random_files, recipe(), channels=3)
    quiet, loud = recipe(crop=[N, N]), recipe(crop=[N, N], color_pca=0.1)
    shifts: list[NDArray[Any]] = []
    for index in range(500):
        noise = training_view(random_files[0], loud, statistics, seed=0, epoch=0, index=index)
        noise = noise - training_view(random_files[0], quiet, statistics, seed=0, epoch=0, index=index)
        np.testing.assert_allclose(noise, np.broadcast_to(noise[0, 0], noise.shape), atol=1e-4)
        shifts.append(noise[0, 0])
    found = np.cov(np.stack(shifts), rowvar=False)
    colours = statistics.colours.astype(np.float64)
    assert np.diag(found) == pytest.approx(0.01 * np.diag(colours @ colours.T), rel=0.25)


def test_grey_pictures_have_one_component(random_files: list[Path]) -> None:
    statistics = measure(random_files, recipe(mean="pixel"), channels=1)
    assert statistics.mean.shape == (N, N, 1)
    assert statistics.channels == 1
    view = training_view(random_files[0], recipe(color_pca=0.1), statistics, seed=0, epoch=0, index=0)
    assert view.shape == (8, 10, 1)


def test_statistics_come_back_from_their_file(random_files: list[Path], tmp_path: Path) -> None:
    statistics = measure(random_files, recipe(mean="pixel", std="channel"), channels=3)
    statistics.save(tmp_path / "statistics.safetensors", listing=b"0123")
    loaded = Statistics.load(tmp_path / "statistics.safetensors", listing=b"0123")
    np.testing.assert_array_equal(loaded.mean, statistics.mean)
    np.testing.assert_array_equal(loaded.std, statistics.std)
    np.testing.assert_array_equal(loaded.colours, statistics.colours)


def test_a_file_without_statistics_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no arrays")
    for name in ("text", "gone"):
        with pytest.raises(Failure, match=f"{name} does not contain picture statistics") as failure:
            Statistics.load(tmp_path / name, listing=b"0123")
        assert failure.value.code == ENVIRONMENT


def test_a_broken_picture_is_named_by_whoever_reads_it(random_files: list[Path]) -> None:
    broken = random_files[4]
    broken.write_bytes(broken.read_bytes()[:50])
    with pytest.raises(Failure, match=broken.name):
        measure(random_files, recipe(), channels=3)
    with pytest.raises(Failure, match=broken.name):
        training_view(broken, recipe(), nothing(), seed=0, epoch=0, index=0)
    with pytest.raises(Failure, match=broken.name):
        views_to_test(broken, recipe(), nothing(), test="center")
