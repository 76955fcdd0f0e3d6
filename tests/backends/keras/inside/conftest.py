"""Keras in this process, on TensorFlow with two logical CPUs unless KERAS_BACKEND says another backend."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

os.environ |= {"KERAS_BACKEND": os.environ.get("KERAS_BACKEND", "tensorflow"), "TF_CPP_MIN_LOG_LEVEL": "2"}


def pytest_configure(config: pytest.Config) -> None:
    # Keras reads variables so, on TensorFlow and on PyTorch.
    config.addinivalue_line("filterwarnings", "ignore:__array__ implementation doesn't accept:DeprecationWarning")


@pytest.fixture(scope="session")
def two() -> Any:
    """A MirroredStrategy over two logical CPUs. It must be what first runs on TensorFlow in a process."""
    from archc_keras.devices import open_devices

    return open_devices(2).strategy


@pytest.fixture(scope="session", autouse=True)
def first(request: pytest.FixtureRequest) -> None:
    if os.environ["KERAS_BACKEND"] == "tensorflow":
        request.getfixturevalue("two")


@pytest.fixture(scope="session")
def one(two: Any) -> Any:
    """A strategy over one CPU, in the same process."""
    import tensorflow as tf

    return tf.distribute.OneDeviceStrategy("CPU:0")


@pytest.fixture
def float64() -> Iterator[None]:
    import keras

    def compute_in(dtype: str) -> None:
        keras.config.set_floatx(dtype)
        keras.config.set_dtype_policy(dtype)

    compute_in("float64")
    yield
    compute_in("float32")
