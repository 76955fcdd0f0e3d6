"""TensorFlow in this process, with two logical CPUs."""

from __future__ import annotations

import os
from typing import Any

import pytest

os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"}


@pytest.fixture(scope="session")
def two() -> Any:
    """A MirroredStrategy over two logical CPUs. It must be what first runs on TensorFlow in a process."""
    from archc_keras.devices import open_devices

    return open_devices(2).strategy


@pytest.fixture(scope="session")
def one(two: Any) -> Any:
    """A strategy over one CPU, in the same process."""
    import tensorflow as tf

    return tf.distribute.OneDeviceStrategy("CPU:0")
