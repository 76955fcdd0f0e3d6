"""What a spec in the words of another framework is answered: the right help, or none, and one finding per mistake."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archc.analysis import analyse
from archc.diagnostics.finding import Finding
from archc.fixing import fix
from archc.language.mistakes.vocabulary import absence, certain, did_you_mean, nearest
from archc.ops import ops
from archc.ops.absent import absent

HEAD = "schema: archc/v1\nname: a\ninput: {image: [3, 32, 32]}\n"
OPS = "list all ops with `archc explain`"
ACTIVATIONS = ", ".join(name for name, op in ops().items() if op.is_activation or op.gives_probabilities)
CONV = "op: conv2d, filters: 4, kernel: 3"


def findings(body: str, head: str = HEAD) -> list[Finding]:
    found = analyse(f"{head}layers:\n  a: {body}\n".encode(), "a.yaml").findings
    return [finding for finding in found if finding.severity == "error"]


@pytest.mark.parametrize(
    ("word", "help"),
    [
        ("avg_pool3d", f"archc has no `avg_pool3d` yet; {OPS}"),
        ("nn.RReLU", f"archc has no `nn.RReLU` yet; {OPS}"),
        ("tf.keras.layers.SimpleRNN", f"archc has no `tf.keras.layers.SimpleRNN` yet; {OPS}"),
        ("glu", f"archc has no `glu` yet; {OPS}"),
        ("celu", f"archc has no `celu` yet; {OPS}"),
        ("ZeroPadding2D", "did you mean `pad`?"),
        ("Conv1DTranspose", "did you mean `conv_transpose1d`?"),
        (
            "DepthwiseConv1D",
            "archc has no `DepthwiseConv1D`: use `{op: conv1d, filters: {times: 1}, groups: each}`",
        ),
        (
            "nn.Dropout1d",
            "archc has no `nn.Dropout1d`: `{op: dropout}` drops single values, not whole channels",
        ),
        (
            "Pooling",
            "archc has no `Pooling`: use `{op: max_pool2d}` for the maximum or `{op: avg_pool2d}` for the mean, in "
            "Caffe with `rounding: ceil`, and `stride: 1` if it has none; of whole maps, use `{op: global_max_pool}` "
            "or `{op: global_avg_pool}`",
        ),
        ("norm", "did you mean `batch_norm` or `lrn`?"),
        ("convolutional", "did you mean `conv2d`?"),
        ("route", "did you mean `concat`?"),
        ("shortcut", "did you mean `add`?"),
        ("fullyConnectedLayer", "did you mean `dense`?"),
        ("rely", "did you mean `relu`?"),
        *((word, "did you mean `global_avg_pool`?") for word in ("global_avg_pool1d", "GlobalAvgPool1D")),
        *((word, "did you mean `global_avg_pool`?") for word in ("global_average_pool2d", "GlobalAveragePool1d")),
        *((word, "did you mean `global_max_pool`?") for word in ("global_max_pool1d", "GlobalMaxPool")),
        ("attn", "did you mean `attention`?"),
        ("Interp", "did you mean `upsample`?"),
        ("reduce_mean", "archc has no `reduce_mean`: use `{op: global_avg_pool}`, the mean of each map"),
        (
            "torch.split",
            "archc has no `torch.split`: use a `slice` layer for each part, such as `{op: slice, start: 0, stop: 32}`",
        ),
        ("Bidirectional", "archc has no `Bidirectional`: write `bidirectional: true` in the `lstm` or `gru` layer"),
        ("squeeze", "archc has no `squeeze`: use `{op: flatten}` for the values of maps as one vector"),
        ("conv4d", OPS),  # a digit is not a letter
        ("warp", OPS),
    ],
)
def test_an_op(word: str, help: str) -> None:
    assert did_you_mean(word, ops(), what="ops") == help


def test_no_absent_word_is_one_of_archc() -> None:
    """An op that archc gets takes its words out of this table."""
    for word in absent():
        assert word not in ops()
        assert nearest(word, ops()) is None, word
        assert certain(word, ops()) is None, word
        assert absence(word), word


def test_an_op_that_is_there_takes_its_words_over(monkeypatch: pytest.MonkeyPatch) -> None:
    from archc.language.mistakes import vocabulary

    monkeypatch.setattr(ops()["tanh"], "other_names", ("glu",))
    vocabulary._foreign.cache_clear()  # pyright: ignore[reportPrivateUsage]
    try:
        assert absence("glu") is None
        assert did_you_mean("nn.GLU", ops(), what="ops") == "did you mean `tanh`?"
    finally:
        monkeypatch.undo()
        vocabulary._foreign.cache_clear()  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize(
    ("fields", "helps"),
    [
        ("activation: relu", ["delete `activation`, and add a layer `a_relu: {op: relu}` after it"]),
        ("activation: softmax", ["delete `activation`, and add a layer `a_softmax: {op: softmax}` after it"]),
        (
            "activation: glu",
            [f"archc has no `glu` yet; activations are layers of their own: {ACTIVATIONS}"],
        ),
        ("activation: null", ["delete `activation`: it changes nothing"]),
        (
            "use_batch_norm: true",
            [
                "delete `use_batch_norm`, and add a layer "
                "`a_batch_norm: {op: batch_norm, epsilon: …, momentum: …}` after it"
            ],
        ),
        (
            "dropout_rate: 0.5",
            ["delete `dropout_rate`, and add a layer `a_dropout: {op: dropout, rate: 0.5}` after it"],
        ),
        ("batch_norm: false", ["delete `batch_norm`: it changes nothing"]),
        ("in_channels: 3", ["delete `in_channels`: archc infers it from the layer's input"]),
        ("in_channels: 4", ["it is 3, not 4; delete `in_channels`: archc infers it from the layer's input"]),
        ("input_shape: [32, 32, 3]", ["delete `input_shape`: archc infers it from the layer's input"]),
        (
            "input_shape: [28, 28, 1]",
            ["it is [3, 32, 32], not [28, 28, 1]; delete `input_shape`: archc infers it from the layer's input"],
        ),
        ("padding_mode: zeros", ["delete `padding_mode`: maps are padded with zeros"]),
        ("padding_mode: reflect", ["delete `padding_mode`, there is no choice: maps are padded with zeros"]),
        ("trainable: 1", ["delete `trainable`, there is no choice: every layer is trained"]),  # 1 is not true
        ("name: b", ["delete `name`: the key of a layer is its name"]),
        ("init: he_normal", ["write `weight_init: {he_normal: {}}`"]),
        ("weight_init: 0.01", ["did you mean `weight_init: {normal: {std: 0.01}}`?"]),
        (
            "weight_init: {sparse: {}}",
            ["archc has no `sparse` yet: use another distribution, such as `he_normal: {}` or `orthogonal: {}`"],
        ),
        ("strides: 2, subsample: 1", ["did you mean `stride`?"] * 2),
        ("dilatation: 2", ["did you mean `dilation`?"]),
    ],
)
def test_a_field_of_a_convolution(fields: str, helps: list[str]) -> None:
    found = findings(f"{{{CONV}, {fields}}}")
    assert [finding.help for finding in found] == helps
    assert {finding.code for finding in found} <= {"ARC101", "ARC105"}


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        # A field that is written in another way is not missing, and neither is one whose meaning is a guess.
        ("{op: max_pool2d, size: 2, stride: 2}", ["unknown field `size` in a"]),
        ("{op: lrn, depth_radius: 2, bias: 1, alpha: 1, beta: 1}", ["unknown field `depth_radius` in a"]),
        ("{op: conv2d, channels: 4, kernel: 3}", ["unknown field `channels` in a"]),
        ("{op: add, from: image, image}", ["unknown field `image` in a"]),
        ("{type: relu}", ["a needs `op`"]),
        # The rest of a layer in other words is checked in the same run.
        (
            "{op: Conv2d, filters: 4, kernel: 40}",
            ["unknown op `Conv2d`", "a's window is 40 high, but its input is only 32 high"],
        ),
        ("{op: relu, bottom: b}", ["unknown field `bottom` in a", "unknown layer `b`"]),
    ],
)
def test_one_mistake_one_finding(body: str, messages: list[str]) -> None:
    assert [finding.message for finding in findings(body)] == messages


@pytest.mark.parametrize(
    ("body", "helps"),
    [
        ("{op: nn.MaxPool2d, kernel_size: 3}", ["write `op: max_pool2d, stride: 3`"]),
        ("{op: MaxPooling2D, pool_size: [2, 3]}", ["write `op: max_pool2d, stride: [2, 3]`"]),
        ("{op: MaxPool2d}", ["did you mean `op: max_pool2d, stride: …`?", "add `kernel:`"]),
        ("{op: max_pool2d, kernel: 3}", ["add `stride:`"]),
        ("{op: maxpool, kernel: 3}", ["did you mean `max_pool2d`?", "add `stride:`"]),
        ("{op: BatchNorm2d, eps: 1e-3}", ["write `op: batch_norm, momentum: 0.9`"]),
        ("{op: BatchNormalization, momentum: 0.9}", ["did you mean `op: batch_norm, epsilon: …`?"]),
        ("{op: LRN, size: 5}", ["did you mean `op: lrn, beta: 0.75, k: 1, alpha: …`?"]),
    ],
)
def test_the_default_of_the_framework_in_whose_words_a_layer_is_written(body: str, helps: list[str]) -> None:
    found = [finding.help for finding in findings(body) if finding.code in ("ARC102", "ARC103")]
    assert found == helps


def test_the_default_alpha_of_tensorflow_depends_on_the_radius() -> None:
    (_, found) = findings("{op: tf.nn.lrn, depth_radius: 2}")
    assert found.help == "did you mean `size: 5, alpha: 5`?"
    assert found.notes[-1] == "TensorFlow's `alpha` is 1 by default, and not divided by the size: 1 × 5 = 5"


@pytest.mark.parametrize(
    ("written", "message", "help"),
    [
        (
            "{x: [16, 64, 28, 28]}",
            "`input.x` is `[16, 64, 28, 28]`: it takes [channels, height, width]",
            "write `[64, 28, 28]`",
        ),
        ("{x: {size: 32}}", "`input.x` is `{size: 32}`: it takes [channels, height, width]", "write `[3, 32, 32]`"),
        (
            "{channels: 3, height: 8, width: 9}",
            "each entry of `input` must be the name of an input with its shape",
            "write `input: {image: [3, 8, 9]}`",
        ),
        (
            "{x: [3, 8, 9], dtype: float32}",
            "each entry of `input` must be the name of an input with its shape",
            "write `input: {x: [3, 8, 9]}`",
        ),
    ],
)
def test_an_input_without_a_certain_meaning(written: str, message: str, help: str) -> None:
    found = findings("{op: relu}", HEAD.replace("{image: [3, 32, 32]}", written))
    assert [(finding.message, finding.help, finding.fix) for finding in found] == [(message, help, ())]


@pytest.mark.parametrize(
    ("train", "helps"),
    [
        (
            "optimizer: Adagrad, lr: 0.1, loss: mse",
            [
                "archc has `sgd`, `adam` and `adamw`: write `optimizer: {sgd: {lr: 0.1, momentum: …, weight_decay: "
                "…}}`",
                "did you mean `mean_squared_error`?",
            ],
        ),
        (
            "optimizer: {adagrad: {lr: 1}}, schedule: linear, loss: ce, data: {mean: [0.5]}, test: val",
            [
                "archc has no `adagrad` yet: write `sgd`, `adam` or `adamw`",
                "archc has no `linear` yet: write `on_plateau`, `step` or `cosine`",
                "did you mean `cross_entropy`?",
                "add `resize: 36, crop: 32, mirror: true`, or other values",
                "valid values: ten_crop, center",
            ],
        ),
        (
            "optimizer: {sgd: {momentum: 0.9, weight_decay: 0}}, learning_rate: 1, loss: cross_entropy, test: center, "
            "crop: 32, data: {resize: 32, mirror: true, mean: none, std: [2, 2, 2]}",
            ["move it into `optimizer: {sgd: {…}}`", "move it into `data: {…}`"],
        ),
        (
            "loss: cross_entropy, optimizer: {sgd: {lr: 1, momentum: 0.9, weight_decay: 0}}, test: center, "
            "data: {size: 32, crop: 32, resize: 32, mirror: true, mean: none}",
            [
                "archc has no `size` yet: write `resize` for the shorter side of a picture, `crop` for the part that "
                "the network reads"
            ],
        ),
    ],
)
def test_a_recipe(train: str, helps: list[str]) -> None:
    head = f"{HEAD}train: {{batch: 8, epochs: 1, {train}}}\n"
    assert [finding.help for finding in findings("{op: relu}", head)] == helps


def test_the_channels_of_an_input_that_come_last() -> None:
    head = HEAD.replace("[3, 32, 32]", "[224, 224, 3]")
    found = analyse(f"{head}layers:\n  a: {{op: max_pool2d, kernel: 5, stride: 5}}\n".encode(), "a.yaml").findings
    assert [(f.code, f.help) for f in found] == [
        ("ARC917", "did you mean `[3, 224, 224]`?"),
        ("ARC201", "write `input: {image: [3, 224, 224]}`: the channels come first"),
    ]
    for shape in (
        "[3, 224, 224]",
        "[480, 640, 2]",
        "[16, 32, 3]",
        "[512, 64, 1]",
        "[4, 4, 3]",
        "[64, 64, 64]",
        "[3, 3, 3]",
    ):
        text = HEAD.replace("[3, 32, 32]", shape) + "layers:\n  a: {op: relu}\n"
        assert analyse(text.encode(), "a.yaml").findings == [], shape
    for shape, turned in (("[480, 640, 3]", "[3, 480, 640]"), ("[48, 32, 1]", "[1, 48, 32]")):
        (found,) = analyse(
            (HEAD.replace("[3, 32, 32]", shape) + "layers: {a: {op: relu}}\n").encode(), "a.yaml"
        ).findings
        # Maps may be taller than wide, so a picture that is not square is not turned by a fix.
        assert (found.code, found.help, found.fix) == ("ARC917", f"did you mean `{turned}`?", ())


@pytest.mark.parametrize(
    ("shape", "help"),
    [
        ("[32, 32, 3]", "write `input: {image: [3, 32, 32]}`"),
        ("[480, 640, 3]", "write `input: {image: [3, 480, 640]}`"),
        ("[3, 32, 48]", "write `input: {image: [3, 32, 48]}`"),
        ("{image: 32x32x3}", "write `[3, 32, 32]`"),
    ],
)
def test_the_help_for_an_input_is_what_its_fix_writes(shape: str, help: str) -> None:
    text = HEAD.replace("{image: [3, 32, 32]}", shape) + "layers: {a: {op: relu}}\n"
    (found,) = analyse(text.encode(), "a.yaml").findings
    assert found.help == help
    written = help.removeprefix("write `").removesuffix("`").removeprefix("input: ")
    assert not found.fix or f"{written}" in fix(text.encode(), "a.yaml").data.decode()


@pytest.mark.parametrize(
    ("written", "vector", "picture"),
    [
        ("784", "input: {x: [784]}", "input: {image: [1, 28, 28]}"),
        ("{x: 3072}", "[3072]", "[3, 32, 32]"),
        ("{x: 100}", "[100]", "[1, 10, 10]"),
        ("(784,)", "input: {x: [784]}", "input: {image: [1, 28, 28]}"),
        ("{x: {shape: [784]}}", "[784]", "[1, 28, 28]"),
        ("{x: [null, 784]}", "[784]", "[1, 28, 28]"),
        ("[28, 28]", "input: {x: [28, 28]}", "input: {image: [1, 28, 28]}"),
        ("[null, 8, 100]", "input: {x: [8, 100]}", "input: {image: [1, 8, 100]}"),
    ],
)
def test_an_input_of_one_or_two_sizes_is_a_picture_only_where_a_window_reads_it(
    written: str, vector: str, picture: str
) -> None:
    head = HEAD.replace("{image: [3, 32, 32]}", written)
    for body, right in (("{op: relu}", vector), ("{op: max_pool2d, kernel: 2, stride: 2}", picture)):
        (found,) = findings(body, head)
        assert found.help == f"write `{right}`"
    assert "8, 100" in written or not findings(
        "{op: relu}", fix(f"{head}layers: {{a: {{op: relu}}}}\n".encode(), "a.yaml").data.decode().split("layers")[0]
    )


@pytest.mark.parametrize(
    ("shape", "help"),
    [
        ("[784]", "write `input: {x: [1, 28, 28]}` if it is a picture"),
        ("[17]", "give the network maps, [channels, height, width], as its input"),
        (
            "[28, 28]",
            "write `input: {x: [1, 28, 28]}` if it is a picture, or use `max_pool1d`, which does the same to a "
            "sequence",
        ),
    ],
)
def test_a_picture_without_its_axes(shape: str, help: str) -> None:
    (found,) = findings(
        "{op: max_pool2d, kernel: 2, stride: 2}", HEAD.replace("{image: [3, 32, 32]}", f"{{x: {shape}}}")
    )
    assert (found.code, found.help) == ("ARC203", help)


def test_a_number_that_is_no_picture_is_the_length_of_a_vector_only_where_no_window_reads_it() -> None:
    head = HEAD.replace("[3, 32, 32]", "224")
    assert "[224]" in str(findings("{op: dense, units: 4}", head)[0].help)
    help = "write `[3, 224, 224]` for colour pictures of 224 × 224"
    assert findings("{op: max_pool2d, kernel: 2, stride: 2}", head)[0].help == help


_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 999) | st.floats(-9, 9) | st.text("abcn5x %,/()[]", max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["type", "std", "normal", "name"]), inner)
    ),
    max_leaves=5,
)
_words = sorted(
    {word for op in ops().values() for base in op.__mro__ for word in vars(base).get("needless", {})}
    | {
        read
        for op in ops().values()
        for base in op.__mro__
        for c in vars(base).get("conversions", ())
        for read in c.reads
    }
)


@given(
    op=st.sampled_from([*ops(), "BatchNorm2d", "convolutional", "local_response_normalization", "gelu"]),
    fields=st.dictionaries(st.sampled_from([*_words, "activation", "norm", "from", "inputs"]), _values, max_size=4),
)
def test_any_value_of_any_foreign_field_is_answered(op: str, fields: dict[str, object]) -> None:
    text = f"{HEAD}layers:\n  a: {json.dumps({'op': op, **fields})}\n"
    assert all(finding.message for finding in analyse(text.encode(), "a.yaml").findings)


@given(value=_values)
def test_any_input_is_answered(value: object) -> None:
    for written in (value, {"x": value}):
        text = f"schema: archc/v1\nname: a\ninput: {json.dumps(written)}\nlayers: {{a: {{op: relu}}}}\n"
        assert all(finding.message for finding in analyse(text.encode(), "a.yaml").findings)


@given(layers=st.lists(_values | st.sampled_from(["relu", "Conv2D"]), max_size=3), train=_values)
def test_any_list_of_layers_and_any_recipe_is_answered(layers: list[object], train: object) -> None:
    text = f"{HEAD}layers: {json.dumps(layers)}\ntrain: {json.dumps({'batch': 1, 'lr': train, 'optimizer': train})}\n"
    assert all(finding.message for finding in analyse(text.encode(), "a.yaml").findings)


@pytest.mark.parametrize(
    ("body", "help"),
    [
        ("{op: Linear, in_features: 3072, out_features: 4}", "delete `in_features`: archc infers it"),
        ("{op: Linear, in_features: 99, out_features: 4}", "it is 3072, not 99; delete `in_features`"),
        ('{op: Conv2d, in_channels: "3", out_channels: 4, kernel_size: 3}', "delete `in_channels`: archc infers it"),
        ('{op: Conv2d, in_channels: "8", out_channels: 4, kernel_size: 3}', "it is 3, not 8; delete `in_channels`"),
    ],
)
def test_a_size_that_archc_infers_is_compared_with_what_the_layer_reads(body: str, help: str) -> None:
    assert any(str(finding.help).startswith(help) for finding in findings(body))


@pytest.mark.parametrize(
    ("names", "right"),
    [
        *((form, "from: [a, b]") for form in ("[a; b]", "[a b]", '["a, b"]', '"a, b"', "a b", "[a+b]")),
        ("[a b, a]", "from: [a, b, a]"),
    ],
)
def test_names_in_one_string_are_fixed_to_what_the_help_says(names: str, right: str) -> None:
    text = f"{HEAD}layers:\n  a: {{op: relu}}\n  b: {{op: relu}}\n  c: {{op: concat, from: {names}}}\n"
    found = analyse(text.encode(), "a.yaml").findings
    assert [f.help for f in found if f.code == "ARC104"] == [f"write `{right}`"]
    assert f"{{op: concat, {right}}}" in fix(text.encode(), "a.yaml").data.decode()


BRACKETS = HEAD + "defaults: {conv2d: {weight_init: {he_normal: {}}}}\n"
C = "  c: {op: conv2d, filters: 8, kernel: 3}\n"


@pytest.mark.parametrize(
    ("text", "helps", "right"),
    [
        ("  c: {op: conv2d, filters: 8, kernel: 3, expect: 8, 30, 30}\n", ["expect: [8, 30, 30]"], None),
        ("  c: {op: conv2d, filters: 8, kernel: 3, expect: 8,30,30, bias: false}\n", ["expect: [8, 30, 30]"], None),
        ("  d: {op: concat, from: image, image, image}\n", ["from: [image, image, image]"], "image, image, image]"),
        ("  d: {op: relu}\n  e: {op: add, inputs: d, image}\n", ["from: [d, image]"], "from: [d, image]}"),
        (
            "  p: {op: max_pool2d, kernel: 2, 2, stride: 2, 2}\n",
            ["kernel: [2, 2]", "stride: [2, 2]"],
            "kernel: [2, 2], stride: [2, 2]}",
        ),
        (
            "  c: {op: conv2d, filters: 8, kernel: 3, pad: (1,1), stride: (1,1)}\n",
            ["padding: [1, 1]", "stride: [1, 1]"],
            "padding: [1, 1], stride: [1, 1]}",
        ),
        (f"{C}expect: {{parameters: 614,656}}\n", ["parameters: 614656"], None),
        (f"{C}expect: {{exchanges: c, c}}\n", ["exchanges: [c, c]"], None),
        (f"{C}expect: {{parameters: 1,000,000, macs: 194,400}}\n", ["parameters: 1000000", "macs: 194400"], None),
    ],
)
def test_a_list_without_brackets_is_one_finding(text: str, helps: list[str], right: str | None) -> None:
    spec = f"{BRACKETS}layers:\n{text}"
    found = analyse(spec.encode(), "a.yaml").findings
    assert [f.help for f in found if f.notes and "a comma ends" in f.notes[0]] == [f"write `{help}`" for help in helps]
    assert not {f.code for f in found} & {"ARC005", "ARC104", "ARC301"}, found
    written = fix(spec.encode(), "a.yaml").data.decode()
    assert right in written if right else written == spec


def test_no_list_that_a_field_does_not_take_is_proposed() -> None:
    found = findings("{op: conv2d, filters: 8, kernel: 3, padding: 1, 2, 1, 2}")
    assert not any("write `padding" in str(f.help) for f in found)


def test_a_key_without_a_value_that_is_repeated_is_reported() -> None:
    found = findings("{op: max_pool2d, kernel: 2, stride: 2, oops, oops}")
    assert "ARC005" in [f.code for f in found]


DEFAULTS = HEAD + "defaults: {conv2d: {%s}}\n"
THREE = (
    "layers:\n  a: {op: conv2d, filters: 4, kernel: 5}\n  b: {op: conv2d, filters: 4}\n"
    "  c: {type: Conv2d, filters: 4, kernel_size: 3, activation: relu}\n"
)


@pytest.mark.parametrize(
    ("fields", "word", "heirs"),
    [
        ("kernel: 3, activation: relu", "activation", "2 layers inherit it: a, b"),
        ("activation: relu, kernel: 3", "activation", "2 layers inherit it: a, b"),
        ("kernel_size: 3, bias: true", "kernel_size", "1 layer inherits it: b"),
        ("kernel: 3, kernel_initializer: he_normal", "kernel_initializer", "3 layers inherit it: a, b, c"),
    ],
)
def test_the_layers_that_inherit_a_field_are_named(fields: str, word: str, heirs: str) -> None:
    found = analyse((DEFAULTS % fields + THREE).encode(), "a.yaml").findings
    (finding,) = (f for f in found if f"`{word}`" in f.message and f.span.line == 4)
    assert heirs in finding.notes


def test_a_field_in_the_defaults_names_an_op_of_the_layers() -> None:
    (found,) = findings("{op: batch_norm, epsilon: 1, momentum: 0.9}", f"{HEAD}defaults: {{bias: false}}\n")
    assert found.help == "nest it under an op: `batch_norm: {bias: false}`"


@pytest.mark.parametrize(
    ("field", "help"),
    [
        ("bias: false", "nest it under an op: `conv2d: {bias: false}`"),
        ("use_bias: false", "nest it under an op: `conv2d: {bias: false}`"),
        ("rate: 0.5", "nest it under an op: `dropout: {rate: 0.5}`"),
        ("weight_init: {he_normal: {}}", "nest it under an op: `conv2d: {weight_init: {he_normal: {}}}`"),
    ],
)
def test_a_field_in_the_defaults_without_its_op(field: str, help: str) -> None:
    layer = "{op: dropout}" if "dropout" in help else "{op: conv2d, filters: 2, kernel: 3}"
    (found,) = findings(layer, f"{HEAD}defaults: {{{field}}}\n")
    assert (found.code, found.help) == ("ARC102", help)
