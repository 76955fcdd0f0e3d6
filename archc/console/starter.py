"""The specs that `archc init` starts from: a small one with comments, and those that are shipped with archc."""

from __future__ import annotations

import re
from pathlib import Path

from archc.failure import Failure
from archc.language.packaged import packaged_specs

FIRST = """\
# `archc explain WORD` explains each word of this file, such as `archc explain conv2d` or `archc explain train`.
schema: archc/v1
name: first
title: A small convolutional network
input: {image: [3, 32, 32]}  # channels, height, width; the batch axis is implied

defaults:  # fields of all layers of an op, unless a layer sets them itself
  conv2d: {kernel: 5, padding: 2, weight_init: {he_normal: {}}}
  dense: {weight_init: {he_normal: {}}}

layers:  # in order; each reads the layer before it, unless it has a `from:`
  conv1: {op: conv2d, filters: 32}
  relu1: {op: relu}
  pool1: {op: max_pool2d, kernel: 2, stride: 2, expect: [32, 16, 16]}  # archc checks this shape
  conv2: {op: conv2d, filters: 64}
  relu2: {op: relu}
  pool2: {op: global_avg_pool}
  flat: {op: flatten}
  # One output per class. Its weights are small, so the first predictions are guesses.
  fc: {op: dense, units: 10, weight_init: {glorot_normal: {gain: 0.1}}}
  prob: {op: softmax}

expect: {parameters: 54346}  # archc checks this total

train:  # the recipe of `archc train`; its options override it
  batch: 32
  epochs: 10
  loss: cross_entropy
  optimizer: {sgd: {lr: 0.01, momentum: 0.9, weight_decay: 5e-4}}
  data: {resize: 36, crop: 32, mirror: true, mean: channel, std: channel}  # unit variance
  test: center
"""

_NAME = re.compile(r"^name:[ ]+[A-Za-z]\w*", re.ASCII | re.MULTILINE)


def shipped() -> list[str]:
    """The names of the specs that are shipped with archc."""
    return sorted(file.stem for file in packaged_specs().glob("*.yaml"))


def starter(template: str | None, name: str) -> str:
    """The text of a spec to start from, for a network called `name`; raises Failure for an unknown template."""
    text = FIRST
    if template is not None:
        if template not in shipped():
            raise _unknown(template)
        text = (packaged_specs() / f"{template}.yaml").read_text(encoding="utf-8")
    named, count = _NAME.subn(f"name: {name}", text, count=1)
    assert count == 1
    return named


def network_name(file: Path) -> str:
    """The name of a network for a file: `my-net.yaml` -> `my_net`."""
    name = re.sub(r"[^A-Za-z0-9]+", "_", file.stem).strip("_")
    return (name if name[:1].isalpha() else f"net_{name}".rstrip("_"))[:64]


def _unknown(template: str) -> Failure:
    from archc.language.mistakes.vocabulary import nearest

    guess = nearest(template, shipped(), named=True)
    help = f"did you mean `{guess}`?" if guess else f"use one of {', '.join(shipped())}"
    return Failure(f"no spec `{template[:64]}` is shipped with archc", help=help, code=2)
