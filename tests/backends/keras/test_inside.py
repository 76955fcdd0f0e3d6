"""The tests in `inside`, a process for each backend of Keras: where TensorFlow was first, PyTorch warns or aborts."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ANYWHERE = ("emitted", "initialisers", "momentum_sgd", "batch_norm")
ON_TENSORFLOW = (
    *ANYWHERE,
    "blocks",
    "gradients",
    "layers",
    "networks",
    "new_layers",
    "foreign_conventions",
    "conformance",
    "loaded",
    "losses_of_trainer",
    "trainer",
    "replicas",
    "training_rules",
)
BACKENDS = ("tensorflow", *(name for name in ("torch", "jax") if find_spec(name)))


@pytest.mark.parametrize("backend", BACKENDS)
def test_emitted_source_its_layers_and_the_trainer(backend: str) -> None:
    names = ON_TENSORFLOW if backend == "tensorflow" else ANYWHERE
    files = [str(Path(__file__).parent / "inside" / f"{name}.py") for name in names]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *files]
    environment = {**os.environ, "KERAS_BACKEND": backend, "JAX_ENABLE_X64": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
