"""No fix turns a spec in the words of another framework into another network than it had there, and no help does."""

from __future__ import annotations

import pytest

from archc.analysis import analyse
from archc.diagnostics.finding import Finding
from archc.fixing import fix

HEAD = "schema: archc/v1\nname: a\ninput: {image: [3, 32, 32]}\n"
DEFAULTS = "defaults: {conv2d: {weight_init: {he_normal: {}}}, dense: {weight_init: {he_normal: {}}}}\n"
CONV = "op: conv2d, filters: 8, kernel: 3"
THREE = "  c0: {op: relu}\n  c1: {op: relu}\n  c2: {op: relu}\n"
TRAIN = (
    "train: {batch: 8, epochs: 1, loss: cross_entropy, optimizer: {sgd: {lr: 0.1, momentum: 0.9, weight_decay: 0}}, "
    "data: {resize: 40, crop: 32, mirror: true, mean: pixel%s}, test: center%s}\n"
)


def spec(layers: str, head: str = HEAD) -> str:
    return f"{head}{DEFAULTS}layers:\n{layers}"


def errors(text: str) -> list[Finding]:
    return [finding for finding in analyse(text.encode(), "a.yaml").findings if finding.severity == "error"]


def helps(text: str) -> list[str | None]:
    return [finding.help for finding in errors(text)]


def fixed(text: str) -> str:
    return fix(text.encode(), "a.yaml").data.decode()


@pytest.mark.parametrize(
    "before", ["  c: {op: conv2d, filters: 8, kernel: 3}\n  r: {op: relu}\n", "  f: {op: flatten}\n"]
)
def test_the_flatten_of_a_dense_layer_is_of_its_input(before: str) -> None:
    text = spec(before + "  fc: {op: FullyConnected, num_hidden: 10, flatten: true}\n")
    flat = "" if "flatten" in before else "  flat: {op: flatten}\n"
    assert fixed(text) == spec(f"{before}{flat}  fc: {{op: dense, units: 10}}\n")


def test_a_dense_layer_that_does_not_flatten_maps_keeps_its_field() -> None:
    layers = "  c: {op: conv2d, filters: 8, kernel: 3}\n  fc: {op: dense, units: 10, flatten: false}\n"
    assert "flatten: false" in fixed(spec(layers))


@pytest.mark.parametrize(
    "written",
    [
        "weight_filler: {type: msra}",
        "weight_filler: {type: msra, variance_norm: FAN_IN}",
        "weight_init: {kaiming_normal: {mode: fan_in, nonlinearity: relu}}",
        "kernel_initializer: HeNormal",
        "kernel_initializer: {class_name: HeNormal, config: {seed: null}}",
        "kernel_initializer: {module: keras.initializers, class_name: HeNormal, config: {}, registered_name: null}",
        "kernel_initializer: {class_name: VarianceScaling, config: {scale: 2.0, mode: fan_in}}",
    ],
)
def test_the_same_initialiser_is_converted(written: str) -> None:
    assert fixed(spec(f"  c: {{{CONV}, {written}}}\n")) == spec(f"  c: {{{CONV}, weight_init: {{he_normal: {{}}}}}}\n")


@pytest.mark.parametrize(
    ("written", "own"),
    [
        ("weight_filler: {type: msra, variance_norm: FAN_OUT}", "{he_normal: {fan: out}}"),
        ("weight_filler: {type: msra, variance_norm: AVERAGE}", "{he_normal: {fan: both}}"),
        ("weight_filler: {type: xavier}", "{lecun_uniform: {}}"),
        ("weight_filler: {type: xavier, variance_norm: FAN_OUT}", "{glorot_uniform: {fan: out}}"),
        ("weight_filler: {type: xavier, variance_norm: AVERAGE}", "{glorot_uniform: {}}"),
        ("weight_filler: {type: constant, value: 0.5}", "{constant: {value: 0.5}}"),
        ("weight_filler: {type: uniform, min: -0.1, max: 0.1}", "{uniform: {limit: 0.1}}"),
        ("weight_init: {kaiming_normal: {mode: fan_out, nonlinearity: relu}}", "{he_normal: {fan: out}}"),
        ("weight_init: {kaiming_normal_: {a: 0.1}}", "{he_normal: {slope: 0.1}}"),
        ("weight_init: {kaiming_uniform_: {a: 0.5, mode: fan_out}}", "{he_uniform: {fan: out, slope: 0.5}}"),
        ("weight_init: {kaiming_normal: {nonlinearity: relu, a: 0.5}}", "{he_normal: {}}"),
        ("weight_init: {kaiming_normal: {nonlinearity: linear}}", "{lecun_normal: {}}"),
        (
            "weight_init: {kaiming_normal: {nonlinearity: tanh}}",
            "{glorot_normal: {fan: in, gain: 1.6666666666666667}}",
        ),
        ("weight_init: {he_normal: {mode: fan_out}}", "{he_normal: {fan: out}}"),
        ("weight_init: {he_normal: {fan: fan_out}}", "{he_normal: {fan: out}}"),
        ("weight_init: xavier_uniform_", "{glorot_uniform: {}}"),
        ("weight_init: {xavier_normal_: {gain: 2}}", "{glorot_normal: {gain: 2}}"),
        ("weight_init: {trunc_normal_: {std: 0.02}}", "{normal: {std: 0.02}}"),
        ("weight_init: {trunc_normal_: {std: 0.02, a: -0.04, b: 0.04}}", "{truncated_normal: {std: 0.02}}"),
        ("weight_init: {uniform_: {a: -0.05, b: 0.05}}", "{uniform: {limit: 0.05}}"),
        ("weight_init: {orthogonal_: {gain: 1.5}}", "{orthogonal: {gain: 1.5}}"),
        ("weight_init: {zeros_: {}}", "{zeros: {}}"),
        ("weight_init: ones", "{constant: {value: 1}}"),
        ("kernel_initializer: GlorotUniform", "{glorot_uniform: {}}"),
        ("kernel_initializer: {class_name: GlorotUniform, config: {seed: null}}", "{glorot_uniform: {}}"),
        ("kernel_initializer: {class_name: LecunNormal, config: {seed: null}}", "{lecun_normal: {}}"),
        ("kernel_initializer: {class_name: VarianceScaling, config: {}}", "{lecun_normal: {}}"),
        (
            "kernel_initializer: {class_name: VarianceScaling, config: {scale: 2.0, mode: fan_out}}",
            "{he_normal: {fan: out}}",
        ),
        (
            "kernel_initializer: {class_name: VarianceScaling, "
            "config: {scale: 4.0, mode: fan_avg, distribution: uniform}}",
            "{glorot_uniform: {gain: 2}}",
        ),
        (
            "kernel_initializer: {class_name: TruncatedNormal, config: {mean: 0.0, stddev: 0.02, seed: null}}",
            "{truncated_normal: {std: 0.02}}",
        ),
        (
            "kernel_initializer: {class_name: RandomUniform, config: {minval: -0.05, maxval: 0.05}}",
            "{uniform: {limit: 0.05}}",
        ),
        ("kernel_initializer: {class_name: Orthogonal, config: {gain: 1.0}}", "{orthogonal: {}}"),
        ("kernel_initializer: zeros", "{zeros: {}}"),
        ("initializer: {Xavier: {rnd_type: gaussian}}", "{glorot_normal: {gain: 1.7320508075688772}}"),
        ("initializer: {Xavier: {magnitude: 3}}", "{glorot_uniform: {}}"),
        ("initializer: {Xavier: {factor_type: in, magnitude: 3}}", "{lecun_uniform: {}}"),
    ],
)
def test_an_initialiser_is_converted_to_the_same_distribution(written: str, own: str) -> None:
    assert fixed(spec(f"  c: {{{CONV}, {written}}}\n")) == spec(f"  c: {{{CONV}, weight_init: {own}}}\n")


@pytest.mark.parametrize(
    ("written", "help"),
    [
        ("weight_init: {kaiming_normal: {a: x}}", "archc has no"),
        ("weight_init: xavier", "did you mean `weight_init: {glorot_uniform: {}}`?"),
        ("weight_init: {xavier: {}}", "did you mean `weight_init: {glorot_uniform: {}}`?"),
        (
            "weight_init: {trunc_normal_: {std: 0.5}}",
            "archc cuts at 2 standard deviations, `trunc_normal_` at -2 and 2",
        ),
        ("weight_filler: {type: gaussian, mean: 1, std: 0.01}", "archc has no `gaussian` with `mean: 1` yet"),
        ("weight_filler: {type: gaussian, std: 0.01, sparse: 3}", "archc has no `gaussian` with `sparse: 3` yet"),
        ("weight_filler: {type: gaussian}", "write `weight_init: {normal: {std: …}}` with the standard deviation"),
        ("weight_filler: {type: uniform, min: 0, max: 1}", "write `weight_init: {uniform: {limit: …}}`"),
        ("weight_filler: {type: bilinear}", "archc has no `bilinear` yet"),
        ("weight_init: {dirac_: {}}", "archc has no `dirac_` yet: use another distribution, such as `he_normal: {}`"),
        ("weight_init: {kaiming_normal: {seed: 1}}", "archc has no `kaiming_normal` with `seed: 1` yet"),
        ("groups: 2, weight_init: xavier_uniform_", "did you mean `weight_init: {glorot_uniform: {}}`?"),
        (
            "groups: 2, weight_init: {kaiming_normal_: {mode: fan_out}}",
            "did you mean `weight_init: {he_normal: {fan: out}}`?",
        ),
    ],
)
def test_another_initialiser_is_one_finding_without_a_fix(written: str, help: str) -> None:
    text = spec(f"  c: {{{CONV}, {written}}}\n")
    (found,) = errors(text)
    assert str(found.help).startswith(help)
    assert fixed(text) == text


def test_groups_do_not_matter_where_the_fan_out_does_not() -> None:
    written = "groups: 2, weight_init: {kaiming_normal_: {mode: fan_in, nonlinearity: relu}}"
    assert fixed(spec(f"  c: {{{CONV}, {written}}}\n")) == spec(
        f"  c: {{{CONV}, groups: 2, weight_init: {{he_normal: {{}}}}}}\n"
    )


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("weight_filler: {type: gaussian, mean: 0, std: 0.01}", "weight_init: {normal: {std: 0.01}}"),
        ("bias_init: zeros", "bias_init: 0"),
        ("bias_init: Ones", "bias_init: 1"),
        ("bias_init: {constant: 0.1}", "bias_init: 0.1"),
        ("bias_filler: {type: constant}", "bias_init: 0"),
        ("bias_initializer: {class_name: Zeros, config: {}}", "bias_init: 0"),
        ("bias_initializer: {class_name: Constant, config: {value: 0.5}}", "bias_init: 0.5"),
        ("bias: 0.1", "bias_init: 0.1"),
        ("bias: zeros", "bias_init: 0"),
        ("num_outputs: 8", "filters: 8"),
    ],
)
def test_what_is_certain_is_one_finding_with_a_fix(written: str, right: str) -> None:
    fields = CONV.replace("filters: 8, ", "") if "filters" in right else CONV
    text = spec(f"  c: {{{fields}, {written}}}\n")
    (found,) = errors(text)
    assert found.fix
    assert fixed(text) == spec(f"  c: {{{fields}, {right}}}\n")


def test_a_map_keeps_its_size_in_a_pool_of_darknet() -> None:
    head = HEAD.replace("[3, 32, 32]", "[3, 13, 13]")
    text = fixed(spec("  p: {op: maxpool, size: 2, stride: 1}\n", head))
    analysis = analyse(text.replace("1, right: 1}}", "1, right: 1}, expect: [3, 13, 13]}").encode(), "a.yaml")
    assert "expect" not in text
    assert not analysis.findings


@pytest.mark.parametrize(
    ("written", "help"),
    [
        ("seed: 1234", "delete `seed`, and run `archc train --seed 1234`"),
        ("seed: abc", "delete `seed`, and use `archc train --seed` for that"),
        ("gpus: 4", "delete `gpus`, and run `archc train --gpus 4`"),
        ("devices: 2", "delete `devices`, and run `archc train --gpus 2`"),
        ("devices: [0, 1]", "delete `devices`, and use `archc train --gpus` for that"),
        ("device: cuda", "delete `device`, and use `archc train --gpus` for that"),
        ("amp: true", "delete `amp`, and run `archc train --precision bfloat16`"),
        ("precision: bfloat16", "delete `precision`, and use `archc train --precision` for that"),
        ("metrics: [f1]", "delete `metrics`, and read the error of the test views: nothing else is measured"),
    ],
)
def test_an_option_of_a_run_is_not_deleted_as_needless(written: str, help: str) -> None:
    text = f"{HEAD}{TRAIN % ('', f', {written}')}layers: {{r: {{op: relu}}}}\n"
    assert helps(text) == [help]
    assert fixed(text) == text


@pytest.mark.parametrize(
    "written", ["seed: 0", "seed: null", "amp: false", "precision: float32", "num_workers: 4", "metrics: [accuracy]"]
)
def test_an_option_with_the_value_of_every_run_is_deleted(written: str) -> None:
    text = f"{HEAD}{TRAIN % ('', f', {written}')}layers: {{r: {{op: relu}}}}\n"
    assert fixed(text) == text.replace(f", {written}", "")


def test_the_folder_of_the_pictures_is_not_deleted() -> None:
    text = f"{HEAD}{TRAIN % (', path: pictures', '')}layers: {{r: {{op: relu}}}}\n"
    assert helps(text) == ["delete `path`, and use `archc train --data` for that"]
    assert fixed(text) == text


@pytest.mark.parametrize("written", ["device: 1", "inplace: sometimes"])
def test_a_field_of_a_layer_is_deleted_only_with_a_value_that_changes_nothing(written: str) -> None:
    text = spec(f"  r: {{op: relu, {written}}}\n")
    assert fixed(text) == text


@pytest.mark.parametrize("radius", ["4", "4.0", '"4"'])
@pytest.mark.parametrize("op", ["lrn", "tf.nn.lrn"])
def test_the_window_of_tensorflow_is_converted_in_decimals(op: str, radius: str) -> None:
    text = spec(f"  l: {{op: {op}, depth_radius: {radius}, alpha: 0.000111, beta: 0.75, bias: 1}}\n")
    assert fixed(text) == spec("  l: {op: lrn, size: 9, alpha: 9.99e-4, beta: 0.75, k: 1}\n")


@pytest.mark.parametrize("radius", ["2.5", "-1", "x"])
def test_of_a_window_that_is_not_converted_nothing_is_fixed(radius: str) -> None:
    text = spec(f"  l: {{op: lrn, depth_radius: {radius}, alpha: 1e-4, beta: 0.75, bias: 1}}\n")
    assert helps(text) == ["write `size`: twice the `depth_radius`, a whole number, plus 1"]
    assert fixed(text) == text


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("{op: concat, layers: -1, -3}", "{op: concat, from: [c2, c0]}"),
        ("{op: concat, layers: [-1, -3]}", "{op: concat, from: [c2, c0]}"),
        ("{op: concat, layers: [-1, 1]}", "{op: concat, from: [c2, c1]}"),
        ("{op: add, from: [-1, 0]}", "{op: add, from: [c2, c0]}"),
        ('{op: add, from: "-1, 1"}', "{op: add, from: [c2, c1]}"),
        ("\n    op: concat\n    layers: -1, -3", "\n    op: concat\n    from: [c2, c0]"),
        ("\n    op: concat\n    layers: -1,1", "\n    op: concat\n    from: [c2, c1]"),
        ("{op: relu, from: -2}", "{op: relu, from: c1}"),
        ("{op: shortcut, from: -3}", "{op: add, from: [c2, c0]}"),
        ("{op: shortcut, from: [-3]}", "{op: add, from: [c2, c0]}"),
        ("{op: shortcut, from: c0, activation: linear}", "{op: add, from: [c2, c0]}"),
        ("{type: Eltwise, operation: SUM, bottom: [c0, c1]}", "{op: add, from: [c0, c1]}"),
        ("{op: Eltwise, coeff: [1, 1], bottom: [c0, c1]}", "{op: add, from: [c0, c1]}"),
        ("{op: elemwise_add, from: [c0, c1]}", "{op: add, from: [c0, c1]}"),
        ("{op: add, operation: sum, from: [c0, c1]}", "{op: add, from: [c0, c1]}"),
    ],
)
def test_the_inputs_of_a_layer_by_position(written: str, right: str) -> None:
    text = spec(f"{THREE}  r: {written}\n")
    assert fixed(text) == spec(f"{THREE}  r: {right}\n")
    assert not errors(fixed(text))


@pytest.mark.parametrize(
    ("written", "help"),
    [
        ("{op: add, from: [0, 1]}", "did you mean `from: [c0, c1]`?"),
        ("{op: relu, from: 1}", "did you mean `from: c1`?"),
        ("{op: add, from: [-1, 8]}", None),
        ("{op: add, from: [-9, 1]}", None),
    ],
)
def test_positions_that_are_not_certain_are_not_fixed(written: str, help: str | None) -> None:
    text = spec(f"{THREE}  r: {written}\n")
    assert helps(text) == [help]
    assert fixed(text) == text


@pytest.mark.parametrize(("operation", "op"), [("PROD", "multiply"), ("MAX", "maximum")])
def test_an_elementwise_layer_is_the_op_of_its_operation(operation: str, op: str) -> None:
    text = spec(f"{THREE}  s: {{op: Eltwise, operation: {operation}, bottom: [c0, c1]}}\n")
    assert fixed(text) == spec(f"{THREE}  s: {{op: {op}, from: [c0, c1]}}\n")


@pytest.mark.parametrize("other", ["coeff: [1, 2]", "eltwise_param: {coeff: [-1, 1]}"])
def test_an_elementwise_layer_that_is_not_a_sum_is_not_fixed(other: str) -> None:
    text = spec(f"{THREE}  s: {{op: Eltwise, {other}, bottom: [c0, c1]}}\n")
    shown = other.removeprefix("eltwise_param: {").removesuffix("}")
    assert helps(text) == [f"archc has no `Eltwise` with `{shown}` yet"]
    assert fixed(text) == text
    defaults = spec("  r: {op: relu}\n").replace("defaults: {", f"defaults: {{Eltwise: {{{other}}}, ")
    assert helps(defaults) == [f"archc has no `Eltwise` with `{shown}` yet"]
    assert fixed(defaults) == defaults


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("pool: 2", "kernel: 2"),
        ("pool: [2, 3]", "kernel: [2, 3]"),
        ("pool: MAX, kernel: 2", "kernel: 2"),
        ("pool: 0, kernel: 2", "kernel: 2"),
        ("pool: AVE, kernel: 2", "write `op: avg_pool2d` for the mean of each window, and delete `pool`"),
        ("pool: 1, kernel: 2", "write `op: avg_pool2d` for the mean of each window, and delete `pool`"),
        ("pool: 2, kernel: 2", "archc has no pool with `pool: 2`"),  # Caffe's stochastic pool
        ("pool_type: avg, kernel: 2", "write `op: avg_pool2d` for the mean of each window, and delete `pool_type`"),
    ],
)
def test_the_pool_of_a_pool_is_its_size_or_its_kind(written: str, right: str) -> None:
    text = spec(f"  p: {{op: max_pool2d, {written}, stride: 2}}\n")
    (found,) = errors(text)
    if right.startswith("kernel"):
        assert fixed(text) == spec(f"  p: {{op: max_pool2d, {right}, stride: 2}}\n")
    else:
        assert (found.help, fixed(text)) == (right, text)


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("{op: AvgPool2d, kernel_size: 3}", "{op: avg_pool2d, kernel: 3, stride: 3}"),
        (
            "{op: AvgPool2d, kernel_size: 3, padding: 1}",
            "{op: avg_pool2d, kernel: 3, padding: 1, stride: 3, count_padding: true}",
        ),
        (
            "{op: AveragePooling2D, pool_size: 3, strides: 1, padding: same}",
            "{op: avg_pool2d, kernel: 3, stride: 1, padding: same, count_padding: false}",
        ),
        ("{op: AveragePooling2D, padding: valid}", "{op: avg_pool2d, padding: 0, kernel: 2, stride: 2}"),
        (
            "{op: AveragePool, kernel_shape: [3, 3], pads: [1, 1, 1, 1], count_include_pad: 1}",
            "{op: avg_pool2d, kernel: [3, 3], padding: 1, count_padding: true, stride: 1}",
        ),
        ("{op: AdaptiveAvgPool2d, output_size: [1, 1]}", "{op: global_avg_pool}"),
        ("{op: AdaptiveMaxPool2d, output_size: 1}", "{op: global_max_pool}"),
        ("{op: GlobalAveragePool}", "{op: global_avg_pool}"),
    ],
)
def test_a_mean_or_a_global_pool(written: str, right: str) -> None:
    assert fixed(spec(f"  p: {written}\n")) == spec(f"  p: {right}\n")


@pytest.mark.parametrize(
    ("written", "right"),
    [
        (
            "{op: ConvTranspose2d, out_channels: 8, kernel_size: 4, stride: 2, padding: 1}",
            "{op: conv_transpose2d, filters: 8, kernel: 4, stride: 2, padding: 1}",
        ),
        (
            "{op: Conv2DTranspose, filters: 8, kernel_size: 4, output_padding: null}",
            "{op: conv_transpose2d, filters: 8, kernel: 4, output_padding: 0}",
        ),
        (
            "{op: Conv2DTranspose, filters: 8, kernel_size: 4, strides: 2, padding: same}",
            "{op: conv_transpose2d, filters: 8, kernel: 4, stride: 2, padding: same}",
        ),
        (
            "{op: ZeroPadding2D, padding: [[1, 0], [2, 3]]}",
            "{op: pad, padding: {top: 1, bottom: 0, left: 2, right: 3}}",
        ),
        ("{op: ReflectionPad2d, padding: 1}", "{op: pad, padding: 1, mode: reflect}"),
        (
            "{op: nn.ReflectionPad2d, padding: [1, 2, 3, 4]}",
            "{op: pad, padding: {top: 3, bottom: 4, left: 1, right: 2}, mode: reflect}",
        ),
        ("{op: ZeroPad2d, padding: [1, 1, 1, 1]}", "{op: pad, padding: 1}"),
        ("{op: ZeroPadding2D}", "{op: pad, padding: 1}"),
        ("{op: Cropping2D, cropping: 1}", "{op: crop, cut: 1}"),
        ("{op: nn.ChannelShuffle, groups: 3}", "{op: channel_shuffle, groups: 3}"),
        ("{op: PixelUnshuffle, downscale_factor: 2}", "{op: space_to_depth, factor: 2}"),
        ("{op: Permute, dims: [0, 2, 3, 1]}", "{op: permute, axes: [1, 2, 0]}"),
        ("{op: UpSampling2D}", "{op: upsample, factor: 2, mode: nearest}"),
        (
            "{op: UpSampling2D, size: 3, interpolation: bilinear}",
            "{op: upsample, factor: 3, mode: bilinear, corners: half_pixel}",
        ),
        ("{op: nn.Upsample, scale_factor: 2}", "{op: upsample, factor: 2, mode: nearest}"),
        ("{op: nn.Upsample, size: 40, mode: nearest}", "{op: upsample, size: 40, mode: nearest}"),
        (
            "{op: nn.Upsample, scale_factor: [2.0, 3.0], mode: bilinear, align_corners: true}",
            "{op: upsample, factor: [2, 3], mode: bilinear, corners: aligned}",
        ),
        (
            "{op: UpsamplingBilinear2d, scale_factor: 2}",
            "{op: upsample, factor: 2, mode: bilinear, corners: aligned}",
        ),
    ],
)
def test_what_makes_maps_larger_or_moves_values(written: str, right: str) -> None:
    head = f"{HEAD}defaults: {{conv_transpose2d: {{weight_init: {{he_normal: {{}}}}}}}}\nlayers:\n"
    assert fixed(f"{head}  p: {written}\n") == f"{head}  p: {right}\n"


@pytest.mark.parametrize(
    ("written", "right"),
    [
        (
            "{op: ConvTranspose1d, out_channels: 8, kernel_size: 4, stride: 2, padding: 1, output_padding: 1}",
            "{op: conv_transpose1d, filters: 8, kernel: 4, stride: 2, padding: 1, output_padding: 1}",
        ),
        (
            "{op: Conv1DTranspose, filters: 8, kernel_size: [4], strides: [2], padding: same, output_padding: null}",
            "{op: conv_transpose1d, filters: 8, kernel: 4, stride: 2, padding: same, output_padding: 0}",
        ),
        ("{op: nn.ConstantPad1d, padding: [1, 2], value: 3}", "{op: pad, padding: {left: 1, right: 2}, value: 3}"),
        ("{op: ZeroPadding1D, padding: [2, 2]}", "{op: pad, padding: 2}"),
        ("{op: ZeroPadding1D}", "{op: pad, padding: 1}"),
        ("{op: ReplicationPad1d, padding: 2}", "{op: pad, padding: 2, mode: replicate}"),
        ("{op: Cropping1D, cropping: [0, 3]}", "{op: crop, cut: {left: 0, right: 3}}"),
        ("{op: Cropping1D}", "{op: crop, cut: 1}"),
        ("{op: UpSampling1D, size: 3}", "{op: upsample, factor: 3, mode: nearest}"),
        (
            "{op: nn.Upsample, scale_factor: [2.0], mode: linear}",
            "{op: upsample, factor: 2, mode: linear, corners: half_pixel}",
        ),
        ("{op: BatchNorm1d, eps: 1e-5, momentum: 0.1}", "{op: batch_norm, epsilon: 1e-5, momentum: 0.9}"),
        ("{op: InstanceNorm1d, eps: 1e-5, affine: true}", "{op: instance_norm, epsilon: 1e-5}"),
        ("{op: AdaptiveAvgPool1d, output_size: 1}", "{op: global_avg_pool}"),
        ("{op: GlobalMaxPooling1D, keepdims: true}", "{op: global_max_pool}"),
    ],
)
def test_layers_of_sequences(written: str, right: str) -> None:
    head = "schema: archc/v1\nname: net\ninput: {sound: [4, 16]}\n"
    head += "defaults: {conv_transpose1d: {weight_init: {he_normal: {}}}}\nlayers:\n"
    assert fixed(f"{head}  p: {written}\n") == f"{head}  p: {right}\n"


@pytest.mark.parametrize(
    ("written", "help"),
    [
        ("{op: avgpool}", "did you mean `avg_pool2d` or `global_avg_pool`?"),
        ("{op: AdaptiveAvgPool2d, output_size: 16}", "write `{op: avg_pool2d, kernel: 2, stride: 2}`"),
        ("{op: AdaptiveMaxPool2d, output_size: [8, 4]}", "write `{op: max_pool2d, kernel: [4, 8], stride: [4, 8]}`"),
        ("{op: AdaptiveAvgPool2d, output_size: 32}", "delete the layer: its input is 32 × 32 already"),
        (
            "{op: AdaptiveAvgPool2d, output_size: 5}",
            "archc has no `AdaptiveAvgPool2d` with `output_size: 5` yet",
        ),
        ("{op: AdaptiveAvgPool2d, output_size: 64}", "archc has no `AdaptiveAvgPool2d` with `output_size: 64` yet"),
    ],
)
def test_a_pool_that_adapts_is_one_of_windows_only_where_these_are_equal(written: str, help: str) -> None:
    text = spec(f"  p: {written}\n")
    assert (helps(text), fixed(text)) == ([help], text)


@pytest.mark.parametrize(
    ("written", "right"),
    [
        (
            "{op: batch_norm, epsilon: 1e-5, momentum: 0.9, fix_gamma: false}",
            "{op: batch_norm, epsilon: 1e-5, momentum: 0.9}",
        ),
        (
            "{op: batch_norm, epsilon: 1e-5, momentum: 0.9, training_mode: 0}",
            "{op: batch_norm, epsilon: 1e-5, momentum: 0.9}",
        ),
        (
            "{op: batch_norm, epsilon: 1e-5, momentum: 0.9, fix_gamma: true}",
            "{op: batch_norm, epsilon: 1e-5, momentum: 0.9, scale: false}",
        ),
        ("{op: batch_norm, epsilon: 1e-5, momentum: 0.9, training_mode: 1}", None),
        (
            "{op: conv2d, filters: 8, kernel: 3, workspace: 512, cudnn_tune: fastest}",
            "{op: conv2d, filters: 8, kernel: 3}",
        ),
        ("{op: conv2d, filters: 8, kernel: 3, binary: 0, xnor: 0}", "{op: conv2d, filters: 8, kernel: 3}"),
        ("{op: conv2d, filters: 8, kernel: 3, binary: 1}", None),
        ("{op: softmax, groups: 1, temperature: 1}", "{op: softmax}"),
        ("{op: softmax, temperature: 2}", None),
        ("{op: softmax, mode: channel}", "{op: softmax}"),
        ("{op: softmax, mode: instance}", None),  # of maps, MXNet's is over all values
        ("{op: SoftmaxActivation}", None),
    ],
)
def test_a_word_that_changes_nothing_is_deleted(written: str, right: str | None) -> None:
    text = spec(f"  a: {written}\n")
    assert fixed(text) == (spec(f"  a: {right}\n") if right else text)


def test_an_output_with_a_loss_in_it_is_explained() -> None:
    help = "archc has no `SoftmaxOutput`: use `{op: softmax}` as the last layer, and `loss: cross_entropy` in `train:`"
    assert helps(spec("  s: {op: SoftmaxOutput}\n")) == [help]
