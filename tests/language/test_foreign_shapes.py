"""What is answered where frameworks count axes and sides in different orders, and where archc has no counterpart.

Each help, typed, is a clean spec, and no fix loses what the name of the op said of the order.
"""

from __future__ import annotations

import re

import pytest

from archc.analysis import analyse
from archc.diagnostics.finding import Finding
from archc.fixing import fix

MAPS = "schema: archc/v1\nname: a\ninput: {image: [3, 32, 24]}\n"
SEQUENCE = MAPS.replace("[3, 32, 24]", "[3, 32]")
VECTOR = MAPS.replace("[3, 32, 24]", "[30]")
TWO = "  r: {op: relu}\n"


def errors(text: str) -> list[Finding]:
    return [finding for finding in analyse(text.encode(), "a.yaml").findings if finding.severity == "error"]


def fixed(text: str) -> str:
    return fix(text.encode(), "a.yaml").data.decode()


def layer(body: str, head: str = MAPS, before: str = "") -> str:
    return f"{head}layers:\n{before}  a: {body}\n"


PYTORCH = "PyTorch's order is [left, right, top, bottom]"
ONNX = "ONNX's order is [top, left, bottom, right]"
SIDES = (
    "write `{top: …, bottom: …, left: …, right: …}`: PyTorch's order is [left, right, top, bottom], "
    "ONNX's [top, left, bottom, right]"
)


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("op: ZeroPad2d, padding: [1, 2, 3, 4]", "op: pad, padding: {top: 3, bottom: 4, left: 1, right: 2}"),
        ("op: nn.ZeroPad2d, padding: [1, 2, 1, 2]", "op: pad, padding: {top: 1, bottom: 2, left: 1, right: 2}"),
        ("op: ZeroPad2d, padding: [2, 2, 1, 1]", "op: pad, padding: [1, 2]"),
        ("op: ZeroPad2d, padding: [1, 1, 1, 1]", "op: pad, padding: 1"),
        # Two numbers are the sides of the last axis.
        ("op: ZeroPad2d, padding: [1, 2]", "op: pad, padding: {top: 0, bottom: 0, left: 1, right: 2}"),
        ("op: ZeroPad2d, padding: 2", "op: pad, padding: 2"),
        (
            "op: ReflectionPad2d, padding: [1, 2, 3, 4]",
            "op: pad, mode: reflect, padding: {top: 3, bottom: 4, left: 1, right: 2}",
        ),
        (
            "op: ConstantPad2d, padding: [0, 1, 0, 1], value: 3",
            "op: pad, padding: {top: 0, bottom: 1, left: 0, right: 1}, value: 3",
        ),
        # PyTorch's `functional.pad`.
        ("op: pad, pad: [1, 2, 3, 4]", "op: pad, padding: {top: 3, bottom: 4, left: 1, right: 2}"),
        ("op: pad, pad: [1, 1, 1, 1, 0, 0]", "op: pad, padding: 1"),
        ("op: ZeroPadding2D, padding: [[1, 2], [3, 4]]", "op: pad, padding: {top: 1, bottom: 2, left: 3, right: 4}"),
        ("op: ZeroPadding2D, padding: [1, 2]", "op: pad, padding: [1, 2]"),
        ("op: Pad, pads: [0, 0, 1, 2, 0, 0, 3, 4]", "op: pad, padding: {top: 1, bottom: 3, left: 2, right: 4}"),
        ("op: pad, pad_width: [0, 0, 0, 0, 1, 2, 3, 4]", "op: pad, padding: {top: 1, bottom: 2, left: 3, right: 4}"),
        (
            "op: pad, paddings: [[0, 0], [1, 2], [3, 4], [0, 0]]",
            "op: pad, padding: {top: 1, bottom: 2, left: 3, right: 4}",
        ),
        ("op: pad, padding: [1, 1, 1, 1]", "op: pad, padding: 1"),
    ],
)
def test_the_sides_of_a_padding_are_in_the_order_of_the_framework(written: str, right: str) -> None:
    text = fixed(layer(f"{{{written}}}"))
    assert sorted(text.splitlines()[-1].strip(" {}").split(": ", 1)) and not errors(text), text
    assert _fields(text) == _fields(layer(f"{{{right}}}"))


def _fields(text: str) -> set[str]:
    """The fields of the last layer, whatever their order."""
    body = text.splitlines()[-1].partition("{")[2].removesuffix("}")
    return {part.strip() for part in re.split(r", (?=[a-z_]+: )(?![^{]*\})", body)}


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("op: pad, pad: 2", "op: pad, padding: 2"),
        ("op: Pad, pads: [0, 0, 1, 0, 0, 2]", "op: pad, padding: {left: 1, right: 2}"),
        ("op: Pad, pads: [0, 0, 2, 0, 0, 2]", "op: pad, padding: 2"),
        ("op: pad, pad_width: [[0, 0], [0, 0], [1, 2]]", "op: pad, padding: {left: 1, right: 2}"),
        ("op: pad, paddings: [[0, 0], [3, 0], [0, 0]]", "op: pad, padding: {left: 3, right: 0}"),
    ],
)
def test_the_ends_of_a_sequence_are_among_those_of_every_axis(written: str, right: str) -> None:
    assert fixed(layer(f"{{{written}}}", SEQUENCE)) == layer(f"{{{right}}}", SEQUENCE)


@pytest.mark.parametrize(("head", "form"), [(SEQUENCE, 0), (MAPS, 1)])
def test_two_numbers_of_pytorch_are_of_the_last_axis_of_a_sequence_or_of_maps(head: str, form: int) -> None:
    (found,) = errors(layer("{op: pad, pad: [1, 2]}", head))
    forms = re.findall("`([^`]+)`", str(found.help))
    assert forms == ["padding: {left: 1, right: 2}", "padding: {top: 0, bottom: 0, left: 1, right: 2}"]
    assert not errors(layer(f"{{op: pad, {forms[form]}}}", head))


@pytest.mark.parametrize(
    ("written", "help"),
    [
        ("op: pad, padding: [1, 2, 3, 4]", SIDES),
        ("op: ZeroPadding2D, padding: [1, 2, 3, 4]", SIDES),
        ("op: pad, pads: [1, 2, 3, 4]", "did you mean `padding: {top: 1, bottom: 3, left: 2, right: 4}`?"),
    ],
)
def test_four_sides_in_an_unknown_order_are_not_guessed(written: str, help: str) -> None:
    text = layer(f"{{{written}}}")
    assert errors(text)[-1].help == help
    assert "[1, 2, 3, 4]" in fixed(text)


def test_what_pad_and_crop_take_is_what_the_message_lists() -> None:
    for body in ("{op: pad, padding: same}", "{op: crop, cut: {left: 1}}"):
        assert "`same`" not in errors(layer(body))[0].message


@pytest.mark.parametrize(
    ("op", "written", "right"),
    [
        ("conv1d", "valid", "0"),
        ("conv1d", "VALID", "0"),
        ("conv1d", "SAME", "same"),
        ("conv1d", "none", "0"),
        ("conv1d", "CAUSAL", "causal"),
        ("conv_transpose2d", "no", "0"),
        ("max_pool1d", "valid", "0"),
    ],
)
def test_a_word_for_the_padding_is_known_by_every_window(op: str, written: str, right: str) -> None:
    """An op's own words are added to those of its bases."""
    fields = "kernel: 3, stride: 1" if "pool" in op else "filters: 4, kernel: 3, weight_init: he_normal"
    head = MAPS if "2d" in op else SEQUENCE
    (found,) = errors(layer(f"{{op: {op}, {fields}, padding: {written}}}", head))
    assert found.help == f"write `padding: {right}`"
    assert fixed(found.span.source.text) == layer(f"{{op: {op}, {fields}, padding: {right}}}", head)


@pytest.mark.parametrize(
    ("written", "help"),
    [
        # Keras counts from 1, and has the channels last.
        ("op: Permute, dims: [3, 1, 2]", "did you mean `axes: [2, 0, 1]`?"),
        ("op: Permute, dims: [2, 1, 3]", "did you mean `axes: [0, 2, 1]`?"),
        ("op: Permute, dims: [1, 2, 3]", "did you mean `axes: [0, 1, 2]`?"),
        ("op: permute, dims: [1, 2, 0]", "did you mean `axes: [1, 2, 0]`?"),
        ("op: permute, order: [0, 2, 3, 1]", "write `axes: [1, 2, 0]`"),
        ("op: permute, axes: [0, 2, 3, 1]", "write `axes: [1, 2, 0]`"),
        ("op: permute, permutation: [0, 3, 1, 2]", "write `axes: [2, 0, 1]`"),
    ],
)
def test_axes_are_counted_from_the_channels(written: str, help: str) -> None:
    found = errors(layer(f"{{{written}}}"))[-1]
    assert found.help == help
    typed = help.split("`")[1]
    assert not errors(layer(f"{{op: permute, {typed}}}"))


def test_a_permutation_of_keras_moves_the_same_values() -> None:
    """Against NumPy: the input channels last, permuted as Keras does, and the output's channels first again."""
    import numpy as np

    from archc.ops.permute import Permute

    x = np.arange(2.0 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    for dims in ([3, 1, 2], [2, 3, 1], [1, 3, 2], [2, 1, 3], [3, 2, 1]):
        found = errors(layer(f"{{op: Permute, dims: {dims}}}"))[-1]
        axes = [int(digit) for digit in re.findall("[0-9]", str(found.help))]
        keras = x.transpose(0, 2, 3, 1).transpose(0, *dims).transpose(0, 3, 1, 2)
        assert (Permute(op="permute", axes=tuple(axes)).compute((x,), {}) == keras).all(), dims


@pytest.mark.parametrize(
    ("written", "help"),
    [
        ("op: Reshape, target_shape: [16, 48, 3]", "did you mean `to: [3, 16, 48]`?"),
        ("op: Reshape, target_shape: [-1, 3]", "did you mean `to: [3, -1]`?"),
        ("op: Reshape, target_shape: [2304]", "did you mean `to: [2304]`?"),
        # The batch is not counted.
        ("op: view, size: [-1, 2304]", "did you mean `to: [2304]`?"),
        ("op: Reshape, shape: [-1, 3, 768]", "did you mean `to: [3, 768]`?"),
        ("op: Reshape, shape: [0, -1]", "write `to: [-1]`"),
        ("op: Reshape, shape: [0, 3, -1]", "write `to: [3, -1]`"),
        ("op: Reshape, shape: {dim: [0, 3, 768]}", "write `to: [3, 768]`"),
        ("op: reshape, to: [null, 3, 768]", "write `to: [3, 768]`"),
        ("op: reshape, to: [-1, 3, 16, 48]", "write `to: [3, 16, 48]`"),
        ("op: reshape, shape: [3, 768]", "did you mean `to`?"),
    ],
)
def test_a_shape_has_the_channels_first_and_no_batch(written: str, help: str) -> None:
    found = errors(layer(f"{{{written}}}"))[-1]
    assert found.help == help
    typed = help.split("`")[1]
    assert ":" not in typed or not errors(layer(f"{{op: reshape, {typed}}}"))


def test_the_unflattened_shape_of_pytorch_is_that_of_a_vector() -> None:
    text = layer("{op: Unflatten, dim: 1, unflattened_size: [3, 2, 5]}", VECTOR)
    assert fixed(text) == layer("{op: reshape, to: [3, 2, 5]}", VECTOR)


@pytest.mark.parametrize(
    ("written", "op"),
    [
        ("operation: PROD", "multiply"),
        ("operation: SUM", "add"),
        ("operation: MAX", "maximum"),
        ("operation: 0", "multiply"),
        ("eltwise_param: {operation: PROD}", "multiply"),
        ("eltwise_param: {operation: SUM}", "add"),
        ("eltwise_param: {operation: MAX}", "maximum"),
        ("eltwise_param: {coeff: [1, 1]}", "add"),
        ("coeff: [1, -1]", "subtract"),
        ("eltwise_param: {operation: SUM, coeff: [1, -1]}", "subtract"),
        ("coeff: [1.0, -1.0]", "subtract"),
    ],
)
def test_an_elementwise_layer_is_the_op_of_its_operation_wherever_that_is_written(written: str, op: str) -> None:
    text = layer(f"{{op: Eltwise, from: [image, r], {written}}}", before=TWO)
    assert errors(text)[0].help == f"did you mean `{op}`?"
    assert fixed(text) == layer(f"{{op: {op}, from: [image, r]}}", before=TWO)


@pytest.mark.parametrize("word", ["merge", "Merge", "ElementWise"])
def test_a_word_for_several_ops_names_them(word: str) -> None:
    (found, *_) = errors(layer(f"{{op: {word}, from: [image, r]}}", before=TWO))
    assert found.help and all(f"`{{op: {op}}}`" in found.help for op in ("add", "multiply", "maximum"))


CONV = "op: conv2d, filters: 6, kernel: 3, weight_init: he_normal"


@pytest.mark.parametrize("word", ["all", "depthwise", "in_channels", "channels", "in_planes", "input_channels"])
def test_as_many_groups_as_maps_are_each(word: str) -> None:
    text = layer(f"{{{CONV}, groups: {word}}}")
    assert [found.help for found in errors(text)] == ["write `groups: each`"]
    assert fixed(text) == layer(f"{{{CONV}, groups: each}}")


def test_another_word_for_groups_is_told_what_they_can_be() -> None:
    (found,) = errors(layer(f"{{{CONV}, groups: same}}"))
    assert found.help == "write a whole number, or `groups: each` for as many groups as the layer reads maps"


SHARED = "layers cannot share weights: each layer has its own"


@pytest.mark.parametrize(
    "written",
    [
        *("share: b", "shared_weights: b", "share_with: b", "tie_weights: b", "tied: true", "weight_sharing: true"),
        *("param: {name: w}", "param: [{name: w}, {name: b}]", "param: [{name: w, lr_mult: 1}]", "reuse: true"),
    ],
)
def test_weights_are_not_shared(written: str) -> None:
    word = written.partition(":")[0]
    what = "`param` with a name" if word == "param" else f"`{word}`"
    assert [f.help for f in errors(layer(f"{{{CONV}, {written}}}"))] == [f"archc has no {what} yet: {SHARED}"]


@pytest.mark.parametrize("written", ["share: false", "reuse: null", "tied: false"])
def test_weights_that_are_not_to_be_shared_are_not_a_loss(written: str) -> None:
    text = layer(f"{{{CONV}, {written}}}")
    assert fixed(text) == layer(f"{{{CONV}}}")


def test_learning_rates_of_one_layer_are_not_taken_for_shared_weights() -> None:
    (found,) = errors(layer(f"{{{CONV}, param: [{{lr_mult: 1}}, {{lr_mult: 2}}]}}"))
    assert found.help == "delete `param`, there is no choice: all layers have the same learning rate"


OF_EACH_SIDE = (
    "write `padding:` with the padding of each side: `same` has the odd row and column at the bottom and right, "
    "SAME_LOWER at the top and left"
)


@pytest.mark.parametrize(
    ("written", "helps"),
    [
        ("auto_pad: SAME_LOWER", [OF_EACH_SIDE]),
        ("padding: SAME_LOWER", [OF_EACH_SIDE]),
        ("kernel_dilation: 2", ["did you mean `dilation`?"]),
        ("rhs_dilation: [2, 1]", ["did you mean `dilation`?"]),
        (
            "param_dtype: float32",
            ["delete `param_dtype`: values are float32, unless `archc train --precision` says otherwise"],
        ),
        ("engine: CUDNN", ["delete `engine`: it changes no value"]),
    ],
)
def test_a_field_of_a_convolution_in_jax_and_onnx(written: str, helps: list[str]) -> None:
    assert [f.help for f in errors(layer(f"{{{CONV}, {written}}}"))] == helps


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("op: max_pool2d, window_shape: [2, 2], stride: 2", "op: max_pool2d, kernel: [2, 2], stride: 2"),
        ("op: pad, padding: 1, constant_values: 3", "op: pad, padding: 1, value: 3"),
        (
            "op: batch_norm, epsilon: 1e-5, momentum: 0.9, use_running_average: false",
            "op: batch_norm, epsilon: 1e-5, momentum: 0.9",
        ),
    ],
)
def test_the_words_of_flax_and_numpy(written: str, right: str) -> None:
    assert fixed(layer(f"{{{written}}}")) == layer(f"{{{right}}}")


def test_the_dropout_of_an_attention_is_not_one_of_its_output() -> None:
    (found,) = errors(layer("{op: attention, heads: 3, weight_init: he_normal, dropout: 0.1}", SEQUENCE))
    assert found.help == "delete `dropout`, there is no choice: its weights are not dropped"


RELUS = "layers:\n  - {op: relu}\n  - {op: relu}\n"
NAMED = "layers:\n  features:\n    - {op: relu}\n    - {op: relu}\n  b: {op: relu}\n"


def test_an_item_of_a_list_of_layers_is_an_output_by_its_number_as_it_is_in_from() -> None:
    assert not errors(f"{MAPS}outputs: [1]\n{RELUS}")
    assert not errors(f"{MAPS}outputs: [0, '1']\n{RELUS}")


@pytest.mark.parametrize(
    ("outputs", "layers", "code", "help"),
    [
        ("[9]", RELUS, "ARC107", "known layers: 0, 1"),
        ("[relu]", RELUS, "ARC107", "known layers: 0, 1"),
        ("[-1]", RELUS, "ARC107", "known layers: 0, 1"),
        ("[true]", RELUS, "ARC104", "put it in quotes"),
        ("[[b]]", NAMED, "ARC104", None),
        ("[features.7]", NAMED, "ARC107", "known layers: features.0, features.1, b"),
        ("[features.10]", NAMED, "ARC107", "known layers: features.0, features.1, b"),
        ("[feature.1]", NAMED, "ARC107", "did you mean `features.1`?"),
        ("b", NAMED, "ARC104", "write `outputs: [b]`"),
        ("b, features.0", NAMED, "ARC104", "write `outputs: [b, features.0]`"),
        ("{y: b}", NAMED, "ARC104", "write `outputs: [b]`"),
    ],
)
def test_an_output_that_is_not_a_layer_is_one_finding(outputs: str, layers: str, code: str, help: str | None) -> None:
    """The layer that it may mean is not reported as unused too."""
    assert [(f.code, f.help) for f in errors(f"{MAPS}outputs: {outputs}\n{layers}")] == [(code, help)]
