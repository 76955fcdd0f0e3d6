"""The path of a layer as the name of a Keras layer, and back.

Keras on PyTorch makes parameters of its layers' names, which may contain no point there. No part of a path contains a
hyphen, so the two never meet.
"""

from __future__ import annotations


def in_keras_name(path: str) -> str:
    """`layer2.0.conv1` -> `layer2-0-conv1`."""
    return path.replace(".", "-")


def path_of(name: str) -> str:
    """`layer2-0-conv1` -> `layer2.0.conv1`."""
    return name.replace("-", ".")
