"""Fixes change only what is certain, touch nothing else, and leave nothing to fix."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archc.analysis import analyse
from archc.diagnostics.finding import Edit, Finding, report
from archc.fixing import fix, without_overlaps
from archc.ops import ops
from archc.source import Source, Span

SPECS = Path(__file__).parent / "specs"
ALEXNET = (Path(__file__).parents[1] / "specs" / "alexnet.yaml").read_text(encoding="utf-8")
HEAD = "schema: archc/v1\nname: a\ninput: {image: [3, 32, 32]}\n"
CONV = "{op: conv2d, filters: 4, kernel: 3}"
OPTIMIZER = "optimizer: {sgd: {lr: 0.01, momentum: 0.9, weight_decay: 5e-4}}"
TRAIN = """\
train:
  batch: 8
  epochs: 1
  loss: cross_entropy
  optimizer: {sgd: {lr: 0.01, momentum: 0.9, weight_decay: 5e-4}}
  data: {resize: 40, crop: 32, mirror: true, mean: pixel}
  test: center
"""


def fixed(text: str) -> str:
    return fix(text.encode(), "a.yaml").data.decode()


def layer(body: str) -> str:
    return f"{HEAD}layers:\n  a: {body}\n"


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("{op: conv2d, out_channels: 4, kernel_size: 3}", "{op: conv2d, filters: 4, kernel: 3}"),
        ("{op: conv2d, filter: 4, kernal: 3}", "{op: conv2d, filters: 4, kernel: 3}"),
        ("{op: conv2d, filters: 4, kernel: 3, pad: 1} # pad", "{op: conv2d, filters: 4, kernel: 3, padding: 1} # pad"),
        ("{op: Conv2D, numOutput: 4, kernel_size: 3}", "{op: conv2d, filters: 4, kernel: 3}"),
        ("{type: flaten}", "{op: flatten}"),
        ("{Op: relu}", "{op: relu}"),
        ("{op: lrn, local_size: 5, alpha: 1, beta: 1, k: 1}", "{op: lrn, size: 5, alpha: 1, beta: 1, k: 1}"),
        ('{op: conv2d, "filters":"4", kernel: \'3\'}', '{op: conv2d, "filters":4, kernel: 3}'),
        ('{"op":"Conv2d","filters":4,"kernel_size":3}', '{"op":"conv2d","filters":4,"kernel":3}'),
        ('{op: dropout, rate: "0.5"}', "{op: dropout, rate: 0.5}"),
        (
            "{op: max_pool2d, kernel: 2, stride: 2, rounding: CEIL}",
            "{op: max_pool2d, kernel: 2, stride: 2, rounding: ceil}",
        ),
        (
            "{op: lrn, size: 5, alpha: 1, beta: 1, k: 1, scope: channel}",
            "{op: lrn, size: 5, alpha: 1, beta: 1, k: 1, scope: channels}",
        ),
        (
            "{op: conv2d, filters: 4, kernel: 3, weight_init: msra}",
            "{op: conv2d, filters: 4, kernel: 3, weight_init: {he_normal: {}}}",
        ),
        ("{op: relu, bottom: image}", "{op: relu, from: image}"),
        ("{op: torch.nn.Conv2d, out_channels: 4, kernel_size: 3}", "{op: conv2d, filters: 4, kernel: 3}"),
        ("{op: Conv2d, in_channels: 3, out_channels: 4, kernel_size: 3}", "{op: conv2d, filters: 4, kernel: 3}"),
        ("{op: ReLU, inplace: True}", "{op: relu}"),
        ("{op: relu, inplace: true, name: a}", "{op: relu}"),
        (
            "\n    op: relu\n    inplace: true\n    # next\n    from: image",
            "\n    op: relu\n    # next\n    from: image",
        ),
        ("{op: BatchNorm2d, num_features: 3, eps: 1, momentum: 0.1}", "{op: batch_norm, epsilon: 1, momentum: 0.9}"),
        ('{"op":"BatchNorm2d","eps":1,"momentum":0.25}', '{"op":"batch_norm","epsilon":1,"momentum":0.75}'),
        ('{op: BatchNorm2d, eps: 1, momentum: "0.1"}', "{op: batch_norm, epsilon: 1, momentum: 0.9}"),
        ('{op: BatchNorm2d, eps: "1", momentum: "0,1"}', "{op: batch_norm, epsilon: 1, momentum: 0.9}"),
        ("{op: BatchNorm2d, eps: 1, momentum: 1/10}", "{op: batch_norm, epsilon: 1, momentum: 0.9}"),
        ("{op: BatchNorm2d, eps: 1, momentum: 10%}", "{op: batch_norm, epsilon: 1, momentum: 0.9}"),
        ('{op: dropout, keep_prob: "0.8"}', "{op: dropout, rate: 0.2}"),
        ('{op: conv2d, filters: 4, kernel: 3, no_bias: "True"}', "{op: conv2d, filters: 4, kernel: 3, bias: false}"),
        (
            '{op: max_pool2d, kernel: 2, stride: 2, ceil_mode: "True"}',
            "{op: max_pool2d, kernel: 2, stride: 2, rounding: ceil}",
        ),
        (
            '{op: lrn, depth_radius: "2", alpha: "1e-4", beta: 1, bias: "1"}',
            "{op: lrn, size: 5, alpha: 5e-4, beta: 1, k: 1}",
        ),
        (
            '{op: convolutional, filters: 4, size: "5", pad: "1"}',
            "{op: conv2d, filters: 4, kernel: 5, padding: 2}",
        ),
        ('{op: conv2d, filters: 4, kernel_h: "3", kernel_w: 5}', "{op: conv2d, filters: 4, kernel: [3, 5]}"),
        ("{op: BatchNormalization, epsilon: 1, momentum: 0.1}", "{op: batch_norm, epsilon: 1, momentum: 0.1}"),
        ("{op: lrn, depth_radius: 2, alpha: 1e-4, beta: 1, bias: 1}", "{op: lrn, size: 5, alpha: 5e-4, beta: 1, k: 1}"),
        ("{op: lrn, depth_radius: 2, k: 1, alpha: 1/2, beta: 1}", "{op: lrn, size: 5, k: 1, alpha: 2.5, beta: 1}"),
        ("{op: LRN, size: 5, alpha: 1, beta: 1, bias: 1}", "{op: lrn, size: 5, alpha: 1, beta: 1, k: 1}"),
        (
            "{op: lrn, size: 5, alpha: 1, beta: 1, k: 1, norm_region: WITHIN_CHANNEL}",
            "{op: lrn, size: 5, alpha: 1, beta: 1, k: 1, scope: spatial}",
        ),
        (
            "\n    type: Convolution\n    convolution_param: {num_output: 8, kernel_size: 3}  # last",
            "\n    op: conv2d\n    filters: 8\n    kernel: 3  # last",
        ),
        ("{op: MaxPool2d, kernel_size: 3}", "{op: max_pool2d, kernel: 3, stride: 3}"),
        ("{op: MaxPooling2D}", "{op: max_pool2d, kernel: 2, stride: 2}"),
        ("\n    op: MaxPool2d\n    kernel_size: 3", "\n    op: max_pool2d\n    kernel: 3\n    stride: 3"),
        ("{type: MaxPool, kernel_shape: 2}", "{op: max_pool2d, kernel: 2, stride: 1}"),
        ("{type: maxpool, size: 3, stride: 2}", "{op: max_pool2d, kernel: 3, stride: 2, padding: 1}"),
        (
            "{type: maxpool, size: 2, stride: 2}",
            "{op: max_pool2d, kernel: 2, stride: 2, padding: {top: 0, bottom: 1, left: 0, right: 1}}",
        ),
        ("{op: maxpool, kernel: 3, stride: 2}", "{op: max_pool2d, kernel: 3, stride: 2}"),
        ("{op: BatchNorm2d, momentum: 0.2}", "{op: batch_norm, momentum: 0.8, epsilon: 1e-5}"),
        ("{op: nn.Dropout}", "{op: dropout, rate: 0.5}"),
        ("{op: LocalResponseNorm, size: 5}", "{op: lrn, size: 5, alpha: 1e-4, beta: 0.75, k: 1}"),
        ("{op: tf.nn.lrn}", "{op: lrn, size: 11, alpha: 11, beta: 0.5, k: 1}"),
        ("{op: Dropout, keep_prob: 0.7}", "{op: dropout, rate: 0.3}"),
        ("{op: Dropout, keep_prob: 80%}", "{op: dropout, rate: 0.2}"),
        ("{op: dropout, p: 50%}", "{op: dropout, rate: 0.5}"),
        ("{op: dropout, rate: 1/4}", "{op: dropout, rate: 0.25}"),
        ("{op: dropout, rate: 0,5}", "{op: dropout, rate: 0.5}"),
        ("{op: conv2d, filters: 128.0, kernel: 3x5}", "{op: conv2d, filters: 128, kernel: [3, 5]}"),
        ("{op: conv2d, filters: 1_000, kernel: [3]}", "{op: conv2d, filters: 1000, kernel: 3}"),
        ("{op: conv2d, filters: 1,024, kernel: 3, 3}", "{op: conv2d, filters: 1024, kernel: [3, 3]}"),
        ("{op: Conv2d, filters: 4, kernel_size: (3, 5)}", "{op: conv2d, filters: 4, kernel: [3, 5]}"),
        ("{op: conv2d, filters: 1e1, kernel: 1, bias: 'no'}", "{op: conv2d, filters: 10, kernel: 1, bias: false}"),
        ("{op: conv2d, filters: 4, kernel: 3, no_bias: true}", "{op: conv2d, filters: 4, kernel: 3, bias: false}"),
        ("{op: conv2d, filters: 4, kernel: 3, padding: valid}", "{op: conv2d, filters: 4, kernel: 3, padding: 0}"),
        ("{op: conv2d, filters: 4, kernel: 3, padding: SAME}", "{op: conv2d, filters: 4, kernel: 3, padding: same}"),
        ("{op: conv2d, filters: 4, kernel_h: 3, kernel_w: 5}", "{op: conv2d, filters: 4, kernel: [3, 5]}"),
        (
            "{op: Conv, filters: 4, kernel_shape: [3, 3], pads: [1, 1, 2, 1], auto_pad: NOTSET}",
            "{op: conv2d, filters: 4, kernel: [3, 3], padding: {top: 1, bottom: 2, left: 1, right: 1}}",
        ),
        ("{op: convolutional, filters: 4, size: 5, pad: 1}", "{op: conv2d, filters: 4, kernel: 5, padding: 2}"),
        ("{op: convolutional, filters: 4, size: 1, pad: 1}", "{op: conv2d, filters: 4, kernel: 1, padding: 0}"),
        (
            "{op: conv2d, filters: 4, kernel: 3, weight_filler: {type: gaussian, std: 0.01}}",
            "{op: conv2d, filters: 4, kernel: 3, weight_init: {normal: {std: 0.01}}}",
        ),
        (
            "{op: conv2d, filters: 4, kernel: 3, weight_init: {kaiming_normal: {}}, bias_filler: {type: constant}}",
            "{op: conv2d, filters: 4, kernel: 3, weight_init: {he_normal: {}}, bias_init: 0}",
        ),
        (
            "{op: maxpool, ksize: 2, strides: [1, 2, 2, 1], ceil_mode: true}",
            "{op: max_pool2d, kernel: 2, stride: 2, rounding: ceil}",
        ),
        (
            "{op: MaxPooling2D, pool_size: [2, 2], strides: null}",
            "{op: max_pool2d, kernel: [2, 2], stride: [2, 2]}",
        ),
        (
            "{type: Convolution, convolution_param: {num_output: 4, kernel_size: 3}}",
            "{op: conv2d, filters: 4, kernel: 3}",
        ),
        ("{op: relu, from: -1}", "{op: relu, from: image}"),
        ("{op: add, from: 'image, image'}", "{op: add, from: [image, image]}"),
        ("{op: conv2d, filters: 4, kernel: 3, activation: linear}", "{op: conv2d, filters: 4, kernel: 3}"),
        (
            "{op: conv2d, filters: 4, kernel: 3, activation: relu}",
            "{op: conv2d, filters: 4, kernel: 3}\n  a_relu: {op: relu}",
        ),
        ("\n    op: relu\n    # reads\n    inputs:  image # x", "\n    op: relu\n    # reads\n    from:  image # x"),
    ],
)
def test_a_certain_fix_is_applied(wrong: str, right: str) -> None:
    assert fixed(layer(wrong)) == layer(right)
    assert analyse(layer(right).encode(), "a.yaml").facts is not None


@pytest.mark.parametrize(
    "body",
    [
        "{op: warp}",
        "{op: conv2d, filters: 4, kernel: 3, param: {kernel_size: 5}}",  # both are the kernel
        "{op: conv2d, filters: 4, kernel: 3, param: {stride: 1, init: }}",
        "\n    conv2d:\n      op: relu\n      filters: 4",  # two ops
        "{op: BatchNormalization, momentum: 0.9}",  # Keras's epsilon, or that of ONNX?
        "{op: MaxPool2d}",  # its stride is its kernel, which is missing
        "{op: LRN, size: 5, beta: 0.75}",  # Caffe's alpha, or that of ONNX?
        "{op: BatchNorm2d, epsilon: 1, momentum: 0.9}",  # PyTorch's 0.9, which is 0.1 here, or Keras's?
        "{op: BatchNorm2d, epsilon: 1, momentum: abc}",
        "{op: BatchNorm2d, epsilon: 1, momentum: 0}",  # PyTorch's running statistics then never change
        "{op: BatchNorm2d, epsilon: 1, momentum: null}",
        "{op: BatchNorm2d, epsilon: 1, momentum: [0.1]}",
        "{op: convolutional, filters: 4, kernel: 3, pad: 2}",  # half the kernel, or 2?
        "{op: local_response_normalization, size: 5, k: 1, alpha: 1, beta: 1}",  # is alpha divided by 5?
        "{op: dropout, rate: 0.5, keep_prob: 0.5}",
        "{op: conv2d, filters: 4, kernel: 3, pads: [1, 1, 1, 1], padding: 2}",
        "{op: conv2d, filters: 4, kernel: 3, padding_mode: reflect}",
        "{op: conv2d, filters: 4, kernel: 3, in_channels: 4}",  # the input has 3
        "{op: conv2d, filters: 4, kernel: 3, activation: gelu}",
        "{op: conv2d, filters: 4, kernel: 3, use_batch_norm: true}",  # with which epsilon and momentum?
        "{op: conv2d, filters: 4, kernel: 3, bias: 0}",  # none, or one that starts at 0?
        "{op: conv2d, filters: 4, kernel: 3, weight_init: xavier}",
        '{op: conv2d, filters: 4, kernel: 3, weight_init: {he_normal: "1"}}',
        "{op: max_pool2d, kernel: 2, stride: 2, pool: AVE}",
        "{op: route, from: image}",  # a layer with one input is no concatenation
        "{op: spectral_norm}",
        "{op: lp_pool2d, kernel: 2, stride: 2}",
        "{op: gelu}",  # one letter from relu, and another function
        "{op: Conv3d, filters: 4, kernel: 3}",
        "{op: pool, kernel: 2, stride: 2}",  # which one?
        "{op: conv2d, filters: 4, kernel: 3, kernel_size: 5}",  # two values
        "{op: conv2d, filters: 4, kernel_size: 3, kernal: 3}",
        "{op: conv2d, kernels: 4}",  # filters, or kernel?
        "{op: conv2d, filters: 4, kernel: 3, size: 3}",
        "{op: conv2d, filters: 4, kernel: 3, kernel_initializer: sparse}",
        '{op: conv2d, filters: "010", kernel: 3}',  # ten, or eight?
        '{op: conv2d, filters: "2.0", kernel: 3}',
        '{op: conv2d, filters: "1_0", kernel: 3}',
        '{op: conv2d, filters: &f "4", kernel: *f}',  # the anchor would be lost
        "{op: conv2d, filters: 4, kernel: 3, groups: 3}",  # 1, or 4 filters more?
        "{op: relu, expect: [3, 31, 31]}",  # a claim
        "{op: relu, from: imag}",  # a layer's name is the author's
    ],
)
def test_an_uncertain_mistake_stays(body: str) -> None:
    done = fix(layer(body).encode(), "a.yaml")
    assert done.mended == ()
    assert done.data == layer(body).encode()
    assert done.analysis.facts is None


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("crop: 32", "crop: 32"),
        ("crop: 31", "crop: 32"),
        ('crop: "32"', "crop: 32"),
        ("crop: [32, 31]", "crop: 32"),
        ("mean: pixels", "mean: pixel"),
        ("batch_size: 8", "batch: 8"),
        ("learning_rate: 0.01", "lr: 0.01"),
        ("loss: CrossEntropy", "loss: cross_entropy"),
        ("loss: nn.CrossEntropyLoss", "loss: cross_entropy"),
        ("num_epochs: 1", "epochs: 1"),
        ("epochs: 1.0", "epochs: 1"),
        ("test: centre", "test: center"),
        ("mirror: yes", "mirror: true"),
        ("horizontal_flip: 'true'", "mirror: true"),
        ("optimizer: {SGD: {lr: 0.01, momentum: 0.9, weight_decay: 5e-4, nesterov: false}}", OPTIMIZER),
        ("optimizer: {name: sgd, lr: 0.01, momentum: 0.9, weight_decay: 5e-4}", OPTIMIZER),
        ("optimizer: {lr: 0.01, momentum: 0.9, weight_decay: 5e-4}", OPTIMIZER),
        ("optimizer: sgd\n  learning_rate: 0.01\n  momentum: 0.9\n  weight_decay: 5e-4", OPTIMIZER),
    ],
)
def test_the_recipe(wrong: str, right: str) -> None:
    start = f"{HEAD}layers: {{a: {{op: relu}}}}\n"
    assert right in TRAIN
    assert fixed(start + TRAIN.replace(right, wrong)) == start + TRAIN


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("update_rule: keras", "rule: keras"),
        ("form: pytorch", "rule: pytorch"),
        ("rule: torch", "rule: pytorch"),
        ("rule: Keras", "rule: keras"),
        ("rule: caffe", "rule: paper"),
    ],
)
def test_the_rule_of_sgd(wrong: str, right: str) -> None:
    start, sgd = f"{HEAD}layers: {{a: {{op: relu}}}}\n" + TRAIN, "weight_decay: 5e-4"
    assert fixed(start.replace(sgd, f"{sgd}, {wrong}")) == start.replace(sgd, f"{sgd}, {right}")


@pytest.mark.parametrize(
    ("mean", "scale"), [("[0.485, 0.456, 0.406]", "255"), ("[123.68, 116, 103]", "1"), ("0.5", "255")]
)
def test_the_scale_of_given_numbers_is_added(mean: str, scale: str) -> None:
    start = f"{HEAD}layers: {{a: {{op: relu}}}}\n"
    inline = start + TRAIN.replace("mean: pixel", f"mean: {mean}")
    assert fixed(inline) == inline.replace("mean:", f"scale: {scale}, mean:")
    lines = f"data:\n    resize: 40\n    crop: 32\n    mirror: true\n    mean: {mean}\n"
    block = start + TRAIN.replace("data: {resize: 40, crop: 32, mirror: true, mean: pixel}\n", lines)
    assert fixed(block) == block.replace("mean:", f"scale: {scale}\n    mean:")
    assert not analyse(fixed(block).encode(), "a.yaml").findings


@pytest.mark.parametrize(
    ("written", "note"),
    [
        ("{type: sgd, lr: 0.01, decay: 0.0005, momentum: 0.9, weight_decay: 5e-4}", "archc has no `decay` yet: "),
        ("{type: sgd, lr: 0.01, learning_rate: 0.02, momentum: 0.9, weight_decay: 0}", "`lr` and `learning_rate` both"),
        ("{type: sgd, lr: 0.01, wd: 0, momentum: 0.9, weight_decay: 0}", "`wd` and `weight_decay` both mean"),
        ("{type: sgd, name: slow, lr: 0.01, momentum: 0.9, weight_decay: 0}", "`name` has no place in it"),
        ("{lr: 0.01, momentum: 0.9, weight_decay: 0, nesterov: true}", "`nesterov` has no place in it"),
        ("{type: 5, lr: 0.01, momentum: 0.9, weight_decay: 0}", ""),
        ("sgd\n  lr: 1\n  base_lr: 2\n  momentum: 0.9\n  weight_decay: 0", "`lr` and `base_lr` both mean `lr`: delete"),
        ("sgd\n  optim: adam\n  lr: 1\n  momentum: 0.9\n  weight_decay: 0", "`optimizer` and `optim` both mean"),
        ("[sgd]\n  lr: 1\n  momentum: 0.9\n  weight_decay: 0", ""),
        ("sgd\n  lr: 0.01\n  decay: 1e-6\n  momentum: 0.9", ""),
        ("{sgd: {lr: 1, decay: 0.1, weight_decay: 0}}", ""),
    ],
)
def test_a_fix_of_the_recipe_drops_no_value(written: str, note: str) -> None:
    start = f"{HEAD}layers: {{a: {{op: relu}}}}\n"
    text = start + TRAIN.replace(OPTIMIZER, f"optimizer: {written}")
    done = fix(text.encode(), "a.yaml")
    assert done.data == text.encode()
    assert note in "\n".join(line for finding in done.analysis.findings for line in finding.notes)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("[3, 32, 32]", "{image: [3, 32, 32]}"),
        ("3x32x32", "{image: [3, 32, 32]}"),
        ("{x: [1, 3, 32, 32]}", "{x: [3, 32, 32]}"),
        ("{x: [null, 32, 32, 3]}", "{x: [3, 32, 32]}"),
        ("{x: [None, 3, 32, 32]}", "{x: [3, 32, 32]}"),
        ("{x: 3, 32, 32}", "{x: [3, 32, 32]}"),
        ("{x: (3, 32, 32)}", "{x: [3, 32, 32]}"),
        ("{x: [32, 32, 3]}", "{x: [3, 32, 32]}"),
        ("{x: [3.0, 32.0, 32.0]}", "{x: [3, 32, 32]}"),
        ("{x: {channels: 3, height: 32, width: 32}}", "{x: [3, 32, 32]}"),
        ("{x: {h: 32, w: 48, c: 3}}", "{x: [3, 32, 48]}"),
        ("{x: {channels: 3, image_size: 32}}", "{x: [3, 32, 32]}"),
        ("{x: {shape: [32, 32, 3]}}", "{x: [3, 32, 32]}"),
        ("{x: {size: 32}}", "{x: {size: 32}}"),  # grey, or in colour?
        ("{x: {depth: 3, height: 32, width: 32}}", "{x: {depth: 3, height: 32, width: 32}}"),
        ("{x: [16, 64, 28, 28]}", "{x: [16, 64, 28, 28]}"),  # a batch of 16, or 16 maps over time?
        ("784", "{x: [784]}"),
        ("{x: [28, 28]}", "{x: [28, 28]}"),
        ("{x: [32, 30, 3]}", "{x: [32, 30, 3]}"),
        ("{x: [4, 4, 3]}", "{x: [4, 4, 3]}"),
    ],
)
def test_the_input(wrong: str, right: str) -> None:
    text = f"schema: archc/v1\nname: a\ninput: {wrong}\nlayers: {{r: {{op: relu}}}}\n"
    assert fixed(text) == text.replace(wrong, right)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("  - {op: relu}\n  - flatten # last\n", "  relu_1: {op: relu}\n  flatten_1: {op: flatten} # last\n"),
        ("  - {name: a, op: relu}\n  - b: {op: relu}\n", "  a: {op: relu}\n  b: {op: relu}\n"),
        ("  - ReLU\n  - Dense: {units: 3}\n", "  relu_1: {op: relu}\n  dense_1: {op: dense, units: 3}\n"),
        (
            "  - {ReLU: {}}\n  - {Dense: {units: 3}}  # last\n  - { b: {op: relu} }\n",
            "  relu_1: {op: relu}\n  dense_1: {op: dense, units: 3}  # last\n  b: {op: relu}\n",
        ),
        ("  - name: a\n    op: relu\n  - type: relu\n", "  a:\n    op: relu\n  relu_1:\n    op: relu\n"),
        ("  - op: relu\n    name: a\n    from: x\n", "  a:\n    op: relu\n    from: x\n"),
        ("- {op: relu}\n", "- {op: relu}\n"),  # its name would be a section of the spec
        ("  - {op: relu}\n  - 7\n", "  - {op: relu}\n  - 7\n"),
    ],
)
def test_layers_as_a_list(wrong: str, right: str) -> None:
    head = "schema: archc/v1\nname: a\ninput: {x: [3, 1, 1]}\nlayers:\n"
    done = fixed(head + wrong)
    assert done.replace("  flat: {op: flatten}\n", "") == head + right


@pytest.mark.parametrize("reads", ["outputs: [a]\n", "parallel: {devices: 1, strategy: data, layers: {a: split}}\n"])
def test_no_layer_is_added_after_one_that_others_name(reads: str) -> None:
    body = "{op: conv2d, filters: 4, kernel: 3, activation: relu}"
    assert fixed(layer(body) + reads) == layer(body) + reads
    defaults = "defaults: {conv2d: {activation: tanh}}\n"
    assert fixed(layer(body) + defaults) == layer(body) + defaults


@pytest.mark.parametrize(
    ("others", "name", "readers"),
    [
        ('  s: {op: add, from: "a, image"}\n', "a_relu", "s"),
        ('  s: {op: add, from: "a + image"}\n', "a_relu", "s"),
        ("  s: {op: add, from: a, image}\n", "a_relu", "s"),
        ("  s: {op: add, bottom: [a, image]}\n", "a_relu", "s"),
        ("  a_relu: {op: tanh}\n  s: {op: add, from: [a, a_relu]}\n", "a_relu_2", "s"),
        ("  s: {op: relu, from: -1}\n", "a_relu", "s"),
        ("  s: {op: add, from: [-1, -2]}\n", "a_relu", "s"),
        ("  s: {op: relu}\noutputs: [a, s]\n", "a_relu", "`outputs`"),
        ("  s: {op: tanh}\nexpect: {exchanges: [a]}\n", "a_relu", None),
        ("  s: {op: tanh}\ndefaults: {add: {from: a}}\n", "a_relu", None),
    ],
)
def test_an_activation_stays_where_its_layer_is_named(others: str, name: str, readers: str | None) -> None:
    body = "{op: conv2d, filters: 3, kernel: 3, padding: 1, activation: relu}"
    done = fix((layer(body) + others).encode(), "a.yaml")
    assert layer(body) in done.data.decode()
    (found,) = (finding for finding in done.analysis.findings if "`activation`" in finding.message)
    help = f"delete `activation`, and add a layer `{name}: {{op: relu}}` after it"
    if readers:
        help = f"delete `activation`, add `{name}: {{op: relu}}` after it, and read {name} in {readers}"
    assert found.help == help


@pytest.mark.parametrize("line", ["\n", "\r\n"])
def test_an_activation_on_its_own_line_becomes_a_layer(line: str) -> None:
    wrong = "\n    op: conv2d\n    activation: relu\n    filters: 4\n    kernel: 3  # last\n\n  # next\n  b: {op: tanh}"
    right = wrong.replace("    activation: relu\n", "").replace("# last\n", "# last\n  a_relu: {op: relu}\n")
    assert fixed(layer(wrong).replace("\n", line)) == layer(right).replace("\n", line)
    wrong = "  # first\n    op: conv2d\n    filters: 4\n    kernel: 3\n    activation: relu"
    right = wrong.replace("    activation: relu", "  a_relu: {op: relu}")
    assert fixed(layer(wrong).replace("\n", line)) == layer(right).replace("\n", line)


@pytest.mark.parametrize(
    ("in_place", "reader", "help"),
    [
        ("bottom: a", "bottom: a", "`from: b`"),
        ("bottom: a, top: a", "bottom: a", "`from: b`"),
        ("bottom: [a], top: [a]", "bottom: [a]", "`from: b`"),
        ("bottom: a, top: a", "bottom: [a, image]", "`from: [b, image]`"),
        ("from: a", "bottoms: a", "`from: b`"),
    ],
)
def test_caffes_bottom_is_not_renamed_behind_a_layer_in_place(in_place: str, reader: str, help: str) -> None:
    text = f"{layer('{op: tanh}')}  b: {{op: relu, {in_place}}}\n  c: {{op: add, {reader}}}\n"
    done = fix(text.encode(), "a.yaml")
    assert f"  c: {{op: add, {reader}}}\n" in done.data.decode()
    helps = [finding.help or "" for finding in done.analysis.findings]
    assert any(f"write {help} if b changes a in place, as in Caffe" in each for each in helps), helps
    if "top" in in_place:
        assert "delete `top`, and read b instead of a in the layers after it" in helps


@pytest.mark.parametrize("other", ["{op: relu, bottom: image}", "{op: conv2d, filters: 4, kernel: 1, bottom: a}"])
def test_caffes_bottom_is_renamed_where_no_layer_is_in_place(other: str) -> None:
    text = f"{layer('{op: tanh}')}  b: {other}\n  c: {{op: relu, bottom: a}}\noutputs: [b, c]\n"
    assert fixed(text) == text.replace("bottom", "from")


@pytest.mark.parametrize(
    ("defaults", "body", "help", "note"),
    [
        (
            "{lrn: {depth_radius: 2, alpha: 2e-5, beta: 0.75, k: 1}}",
            "{op: lrn, alpha: 3e-5}",
            "did you mean `size: 5, alpha: 1e-4`?",
            "`alpha: 3e-5` in a is `alpha: 1.5e-4` then",
        ),
        (
            "{lrn: {depth_radius: 2, alpha: 2e-5, beta: 0.75, k: 1}}",
            "{op: lrn, scale: 3e-5}",
            "did you mean `size: 5, alpha: 1e-4`?",
            "`scale: 3e-5` in a is `alpha: 1.5e-4` then",
        ),
        (
            "{lrn: {depth_radius: 2, alpha: 2e-5, beta: 0.75, k: 1}}",
            "{op: lrn, size: 3}",
            "did you mean `size: 5, alpha: 1e-4`?",
            "TensorFlow does not divide `alpha` by the size: 2e-5 × 5 = 1e-4",
        ),
        (
            "{lrn: {alpha: 2e-5, beta: 0.75, k: 1}}",
            "{op: lrn, depth_radius: 2}",
            "did you mean `size: 5, alpha: 1e-4`?",
            "`alpha: 2e-5` in the defaults is `alpha: 1e-4` then",
        ),
        (
            "{lrn: {depth_radius: 2, beta: 0.75, k: 1}}",
            "{op: lrn, alpha: 2e-5}",
            "did you mean `size: 5`?",
            "`alpha: 2e-5` in a is `alpha: 1e-4` then",
        ),
    ],
)
def test_fields_apart_are_not_converted(defaults: str, body: str, help: str, note: str) -> None:
    text = f"{layer(body)}defaults: {defaults}\n"
    done = fix(text.encode(), "a.yaml")
    assert done.data == text.encode()
    (found,) = (finding for finding in done.analysis.findings if "`depth_radius`" in finding.message)
    assert found.help == help
    assert note in found.notes


def test_fields_together_are_converted_in_spite_of_the_defaults() -> None:
    defaults = "defaults: {lrn: {depth_radius: 1, alpha: 2e-5, beta: 0.75, k: 1}}\n"
    right = "defaults: {lrn: {size: 3, alpha: 6e-5, beta: 0.75, k: 1}}\n"
    assert fixed(layer("{op: lrn}") + defaults) == layer("{op: lrn}") + right
    assert (
        fixed(layer("{op: lrn, depth_radius: 2, alpha: 1e-5}") + right)
        == layer("{op: lrn, size: 5, alpha: 5e-5}") + right
    )


PAIRS = sorted(file for file in (SPECS / "fixed").glob("*.yaml") if not file.stem.endswith(".fixed"))


@pytest.mark.parametrize("spec", PAIRS, ids=lambda spec: spec.stem)
def test_a_spec_is_fixed_to_what_is_beside_it(spec: Path, golden: Callable[[Path, str], None]) -> None:
    golden(spec.with_suffix(".fixed.yaml"), fixed(spec.read_text(encoding="utf-8")))


def test_a_schema_of_another_version_is_no_misspelling() -> None:
    assert fixed(layer("{op: relu}").replace("v1", "v2")) == layer("{op: relu}").replace("v1", "v2")


def test_defaults_and_their_ops() -> None:
    defaults = "{Linear: {useBias: false}, conv2d: {strides: 2, stride: 1}}"
    text = f"{HEAD}defaults: {defaults}\nlayers: {{a: {{op: relu}}}}\n"
    assert fixed(text) == text.replace("Linear", "dense").replace("useBias", "bias")


def test_fixing_ends_for_an_anchor_that_is_used_twice() -> None:
    text = f"{HEAD}layers:\n  a: &x {{op: conv2d, filters: 3, kernel_size: 3}}\n  b: *x\n"
    assert fixed(text) == text.replace("kernel_size", "kernel")


def test_a_byte_order_mark_and_every_line_ending_stay() -> None:
    text = layer("{op: conv2d, filters: 4,\r\n    kernel_size: 3}  # 漢🙂\r\n  \r\n").encode()
    assert fix(codecs.BOM_UTF8 + text, "a").data == codecs.BOM_UTF8 + text.replace(b"kernel_size", b"kernel")


def test_only_the_first_of_touching_fixes_is_applied() -> None:
    source = Source("a.yaml", "0123456789")

    def finding(*places: tuple[int, int]) -> Finding:
        edits = [Edit(Span(source, start, end), "x") for start, end in places]
        return report(Span(source, *places[0]), "ARC101", "wrong", fix=edits)

    first, inside, apart = finding((2, 6)), finding((3, 4)), finding((8, 9))
    both, touching, none = finding((0, 1), (5, 7)), finding((6, 7)), report(Span(source, 0, 1), "ARC101", "wrong")
    assert without_overlaps([first, inside, apart, both, touching, none]) == [first, apart]


WORDS = sorted({*ops(), *(field for op in ops().values() for field in op.model_fields), "from", "expect"})
FOREIGN = ["kernel_size", "Conv2D", "linear", "num_output", "pad", "strides", "p", "type", "inputs", "ceil_mode"]


@st.composite
def _misspelt(draw: st.DrawFn) -> str:
    word = draw(st.sampled_from([*WORDS, *FOREIGN]))
    at = draw(st.integers(0, len(word)))
    return draw(st.sampled_from([word, word[:at] + word[at + 1 :], word[:at] + "x" + word[at:], word.upper()])) or "x"


_values = st.one_of(
    st.integers(-2, 20), st.sampled_from(["same", "floor", "Ceil", "channel", "he_normal", "3", "-1", "0.5", "1e400"])
)
_layers = st.dictionaries(
    st.sampled_from(["a", "b", "漢"]),
    st.tuples(_misspelt(), st.dictionaries(_misspelt(), _values, max_size=5)),
    min_size=1,
)


def _written(layers: dict[str, tuple[str, dict[str, object]]], *, flow: bool) -> bytes:
    if flow:
        whole = {name: {"op": op, **fields} for name, (op, fields) in layers.items()}
        return f"{HEAD}layers: {json.dumps(whole, separators=(',', ':'))} # end".encode()
    lines = [HEAD + "layers:"]  # bare and mixed line endings, comments, odd spaces
    for name, (op, fields) in layers.items():
        lines += [
            f"  {name}: # a comment",
            f"    op: {op}",
            *(f"    {k} : {json.dumps(v)} \r" for k, v in fields.items() if k != "op"),
        ]
    return "\n".join(lines).encode()


@given(layers=_layers, flow=st.booleans())
@example(layers={"a": ("Conv2D", {"kernel_size": "3", "pad": 1, "filter": 2})}, flow=True)
def test_nothing_outside_of_the_edits_changes_and_nothing_is_left(
    layers: dict[str, tuple[str, dict[str, object]]], flow: bool
) -> None:
    data = _written(layers, flow=flow)
    before = {finding.code for finding in analyse(data, "a.yaml").findings}
    done = fix(data, "a.yaml")
    rounds = list(dict.fromkeys(finding.span.source for finding in done.mended))
    texts = [*(source.text for source in rounds), done.data.decode()]
    assert texts[0] == data.decode()
    for source, text, following in zip(rounds, texts, texts[1:], strict=False):
        edits = [edit for finding in done.mended if finding.span.source == source for edit in finding.fix]
        assert following == "".join(_spliced(text, sorted(edits, key=lambda edit: edit.span.start)))
    assert {f.code for f in done.analysis.findings if f.code < "ARC1"} <= before, "it parses"
    again = fix(done.data, "a.yaml")
    assert (again.data, again.mended) == (done.data, ())


def _spliced(text: str, edits: list[Edit]) -> Iterator[str]:
    """The characters outside of all edits, unchanged, with the texts of the edits between them."""
    for at, character in enumerate(text):
        yield from (edit.text for edit in edits if edit.span.start == at)
        if not any(edit.span.start <= at < edit.span.end for edit in edits):
            yield character
    yield from (edit.text for edit in edits if edit.span.start == len(text))


@given(data=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_stay_or_are_fixed_once(data: bytes) -> None:
    done = fix(data, "a.yaml")
    assert done.mended or done.data == data
    assert fix(done.data, "a.yaml").data == done.data


@given(start=st.integers(0, 4000), cut=st.integers(0, 5), put=st.text("{}[],:#&*!'\"e_ \n1", max_size=3))
def test_a_damaged_spec_is_fixed_as_far_as_that_goes(start: int, cut: int, put: str) -> None:
    text = ALEXNET.replace("kernel:", "kernel_size:").replace("padding", "pad")
    data = (text[:start] + put + text[start + cut :]).encode()
    done = fix(data, "a.yaml")
    before = {finding.code for finding in analyse(data, "a.yaml").findings}
    assert {f.code for f in done.analysis.findings if f.code < "ARC1"} <= before
    assert fix(done.data, "a.yaml").data == done.data


@pytest.mark.parametrize("spec", sorted(SPECS.glob("*/*.yaml")), ids=lambda spec: spec.stem)
def test_fixing_any_spec_ends_and_makes_no_new_kind_of_mistake(spec: Path) -> None:
    before = analyse(spec.read_bytes(), spec.name).findings
    done = fix(spec.read_bytes(), spec.name)
    assert fix(done.data, spec.name).data == done.data
    text = {finding.code for finding in done.analysis.findings if finding.code < "ARC1"}
    assert text <= {finding.code for finding in before}
