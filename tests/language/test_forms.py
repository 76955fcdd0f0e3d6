"""Specs in other forms than the right ones: sections, layers and values in the wrong place, each one finding."""

from __future__ import annotations

import pytest

from archc.analysis import analyse
from archc.diagnostics.finding import Finding
from archc.fixing import fix

HEAD = "schema: archc/v1\nname: a\ninput: {image: [3, 32, 32]}\n"
DEFAULTS = "defaults: {conv2d: {weight_init: {he_normal: {}}}, dense: {weight_init: {he_normal: {}}}}\n"
POOL = "{op: max_pool2d, kernel: 2, stride: 2}"


def errors(text: str) -> list[Finding]:
    return [finding for finding in analyse(text.encode(), "a.yaml").findings if finding.severity == "error"]


def helps(text: str) -> list[str | None]:
    return [finding.help for finding in errors(text)]


def of_layer(body: str) -> str:
    return f"{HEAD}{DEFAULTS}layers:\n  c0: {{op: relu}}\n  c: {body}\n"


def unfixed(text: str) -> bool:
    return fix(text.encode(), "a.yaml").data == text.encode()


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        (
            "schema: archc/v1\nname: a\nmodel: {input: {image: [3, 8, 8]}, layers: {r: {op: relu}}}\n",
            "`input`, `layers`",
        ),
        (
            "schema: archc/v1\nmodel:\n  name: a\n  input: {i: [3, 8, 8]}\n  layers:\n    r: {op: relu}\n",
            "`name`, `input`, `layers`",
        ),
        (f"{HEAD}network: {{layers: {{r: {{op: relu}}}}}}\n", "`layers`"),
        (
            "schema: archc/v1\nname: a\nspec: {input: {image: [3, 8, 8]}, layers: {r: {op: relu}}}\n",
            "`input`, `layers`",
        ),
    ],
)
def test_sections_inside_another_field_are_one_finding(text: str, inner: str) -> None:
    (found,) = errors(text)
    assert str(found.help).endswith(f"and write {inner} at the top level of the spec")
    assert unfixed(text)


@pytest.mark.parametrize(
    ("written", "help"),
    [
        ("clip: {norm: 1}", "write `clip: 1`"),
        ("clip: {max_norm: 0.5}", "write `clip: 0.5`"),
        ("clip: {norm: big}", None),
        ("label_smoothing: 10", "did you mean `0.1`?"),
        ("label_smoothing: 200", None),
        ("optimizer: {adam: 1e-3}", "write `adam: {lr: 0.001}`"),
        ("schedule: {step: [30, 60]}", "write `step: {factor: …, every: …}`, with `every` in epochs"),
        (
            "data: shapes",
            "write `{resize: …, crop: …, mirror: true, mean: channel}`, how pictures are prepared; "
            "`archc train --data DIR` says where they are",
        ),
    ],
)
def test_a_field_of_the_recipe_in_another_form(written: str, help: str | None) -> None:
    fields = {
        "batch": "batch: 8",
        "epochs": "epochs: 1",
        "loss": "loss: cross_entropy",
        "optimizer": "optimizer: {adam: {lr: 0.1}}",
        "data": "data: {resize: 36, crop: 32, mirror: true, mean: channel}",
    }
    fields[written.partition(":")[0]] = written
    train = "".join(f"  {line}\n" for line in fields.values())
    layers = f"{DEFAULTS}layers: {{flat: {{op: flatten}}, fc: {{op: dense, units: 5}}}}\n"
    (found,) = errors(f"{HEAD}{layers}train:\n{train}")
    assert found.help == help


def test_the_sections_inside_another_field_are_checked_too() -> None:
    text = f"{HEAD}network: {{layers: {{r: {{op: warp}}}}}}\n"
    assert [finding.code for finding in errors(text)] == ["ARC101", "ARC102"]


def test_layers_with_the_name_of_a_section_are_renamed_as_before() -> None:
    text = f"{HEAD}model: {{input: {{op: relu}}, layers: {{op: tanh}}}}\n"
    assert helps(text)[0] == "did you mean `layers`?"


@pytest.mark.parametrize(
    ("block", "names"),
    [
        (f"{{conv1: {POOL}, relu1: {{op: relu}}}}", "block1_conv1: …, block1_relu1: …"),
        (f"\n    conv1: {POOL}\n    relu1: {{type: relu}}", "block1_conv1: …, block1_relu1: …"),
        (f"{{layers: {{conv1: {POOL}, relu1: {{op: relu}}}}}}", "block1_conv1: …, block1_relu1: …"),
        (f"{{part: {{conv1: {POOL}}}}}", "block1_part_conv1: …"),
        (f"[{{conv1: {POOL}}}, {{relu1: {{op: relu}}}}]", "block1_conv1: …, block1_relu1: …"),
    ],
)
def test_a_block_of_layers_is_one_finding_with_its_flat_names(block: str, names: str) -> None:
    text = f"{HEAD}layers:\n  block1: {block}\n  last: {{op: tanh}}\n"
    help = f"define a block with its layers in `blocks`, and use it here, or write each in `layers`, such as `{names}`"
    assert [(f.code, f.help) for f in errors(text)] == [("ARC103", help)]
    assert unfixed(text)


def test_an_anchor_in_two_defaults_is_one_finding() -> None:
    text = (
        f"{HEAD}defaults: {{conv2d: &d {{weight_init: {{he_normal: {{}}}}, bias_int: 0}}, dense: *d}}\n"
        "layers:\n  c: {op: conv2d, filters: 8, kernel: 3}\n  f: {op: flatten}\n  d: {op: dense, units: 3}\n"
    )
    (found,) = errors(text)
    assert found.notes == ("2 layers inherit it: c, d",)
    assert "bias_init: 0" in fix(text.encode(), "a.yaml").data.decode()


@pytest.mark.parametrize("word", ["mode: fan_out", "seed: 1"])
@pytest.mark.parametrize("kind", ["he_normal", "kaiming_normal", "msra"])
def test_no_help_lists_nothing(kind: str, word: str) -> None:
    text = of_layer(f"{{op: conv2d, filters: 8, kernel: 3, weight_init: {{{kind}: {{{word}}}}}}}")
    (found,) = errors(text)
    assert "valid fields: " not in str(found.help)


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("stride: 99999999999999999", "it must be at most 2147483647"),
        ("padding: 99999999999999999", "it must be at most 2147483647"),
        ("stride: [1, 99999999999999999]", "it must have no number above 2147483647"),
        ("padding: {top: 2147483648, bottom: 0, left: 0, right: 0}", "it must have no number above 2147483647"),
        ("dilation: 2147483648", "it must be at most 2147483647"),
        ("groups: 2147483648", "it must be at most 2147483647"),
        ("stride: 0", "it must be a whole number from 1, or [height, width]"),
    ],
)
def test_a_number_over_a_limit_is_told_the_limit(field: str, message: str) -> None:
    (found,) = errors(of_layer(f"{{op: conv2d, filters: 8, kernel: 3, {field}}}"))
    assert found.message.endswith(message)


@pytest.mark.parametrize(
    ("body", "help"),
    [
        ("{op: conv2d, 8, 3}", "write `filters: 8, kernel: 3`"),
        ("{op: conv2d, 8, 3, padding: 1}", "write `filters: 8, kernel: 3`"),
        ("{op: dense, 10}", "write `units: 10`"),
        ("{op: max_pool2d, 2, 2}", "write `kernel: 2, stride: 2`"),
        ("{op: dropout, 0.5}", "write `rate: 0.5`"),
        # The first of PyTorch's values are the input maps.
        (
            "{op: conv2d, 3, 8, 3}",
            "name each value: `filters`, `kernel`, `stride`, `padding`, `dilation`, `rounding`, `groups`, `bias`, "
            "`weight_init`, `bias_init`",
        ),
        ("{op: tanh, 5}", "delete it: tanh has no fields besides op, from, expect"),
        ("{op: relu, c0}", "write `from: c0`"),
        ("conv2d(64, 3)", "write `c: {op: conv2d, filters: 64, kernel: 3}`"),
        ("Conv2D(64, kernel_size=3)", "write `c: {op: conv2d, filters: 64, kernel: 3}`"),
        ("nn.Conv2d(3, 64, 3)", "write `c: {op: conv2d, filters: …, kernel: …}`"),
        ("max_pool2d(2, stride=2)", "write `c: {op: max_pool2d, kernel: 2, stride: 2}`"),
        ("relu()", "write `c: {op: relu}`"),
        ("c0 + image", "write `c: {op: add, from: [c0, image]}`"),
        ("concat(c0, image)", "write `c: {op: concat, from: [c0, image]}`"),
    ],
)
def test_a_layer_as_in_a_program(body: str, help: str) -> None:
    text = of_layer(body)
    assert helps(text) == [help]
    assert unfixed(text)


@pytest.mark.parametrize("written", ["{op: add, from: c0, mask}", "{op: add, from: 'c0, mask'}"])
def test_a_list_without_brackets_may_name_an_unknown_layer(written: str) -> None:
    found = errors(of_layer(written))
    assert {f.message for f in found if f.code == "ARC107"} == {"unknown layer `mask`"}
    assert "write `from: [c0, mask]`" in {f.help for f in found}


@pytest.mark.parametrize(
    ("fields", "help"),
    [
        ("filters: 8, kernel: 3, 1", "did you mean `kernel: [3, 1]`?"),  # or a stride of 1
        ("filters: 8, kernel: 3, stride: 2, 1", "did you mean `stride: [2, 1]`?"),
    ],
)
def test_two_numbers_are_a_list_for_certain_only_if_they_are_equal(fields: str, help: str) -> None:
    text = of_layer(f"{{op: conv2d, {fields}}}")
    assert helps(text) == [help]
    assert unfixed(text)


def test_thousands_of_a_size_are_not_a_list() -> None:
    text = of_layer("{op: conv2d, filters: 8, kernel: 3, padding: 1,000}")
    assert helps(text) == ["write `padding: 1000`"]


SGD = "{sgd: {lr: 0.1, momentum: 0.9, weight_decay: 5e-4}}"


@pytest.mark.parametrize(
    ("optimizer", "help"),
    [
        ("optimizer: sgd, lr: 0.1", f"write `optimizer: {SGD}`, or other values"),
        ("optimizer: {name: sgd, lr: 0.1}", f"write `optimizer: {SGD}`, or other values"),
        ("lr: 0.1", f"write `optimizer: {SGD}`, or other values"),
        ("optimizer: {sgd: {lr: 0.1}}", "add `momentum: 0.9, weight_decay: 5e-4`, or other values"),
        (
            "optimizer: {sgd: {lr: 0.1, momentum: 0.9, decay: 5e-4}}",
            "archc has no `decay` yet: write `weight_decay` if it is of the weights, and `schedule` in `train` if it "
            "is of `lr`",
        ),
        (
            "optimizer: {rmsprop: {lr: 0.001}}, weight_decay: 1e-4",
            "archc has `sgd`, `adam` and `adamw`, not `rmsprop`: write `optimizer: {sgd: {lr: 0.001, momentum: …, "
            "weight_decay: 1e-4}}`",
        ),
        ("optimizer: {adam: {lr: 0.001}}, weight_decay: 1e-4", "move it into `optimizer: {adam: {…}}`"),
        ("optimizer: adamw, lr: 0.1", "write `optimizer: {adamw: {lr: 0.1, weight_decay: 0.01}}`, or another value"),
        ("optimizer: rmsprop", "archc has no `rmsprop` yet: write `sgd`, `adam` or `adamw`"),
        ("optimizer: {}", "write `optimizer: {sgd: {lr: …, momentum: …, weight_decay: …}}`"),
        ("optimizer: {adam: {lr: 1}, sgd: {lr: 1, momentum: 0, weight_decay: 0}}", "keep `sgd` or `adam`"),
        ("optimizer: {adam: {lr: 1, betas: [0.9, 0.98]}}", "delete `betas`, and write `beta1: 0.9, beta2: 0.98`"),
        (
            "optimizer: {sgd: {lr: 0.1, momentum: 0.9, weight_decay: 0, bias_lr: 0.2}}",
            "delete `bias_lr`, and write `bias_lr_factor`, which `lr` is multiplied by",
        ),
    ],
)
def test_an_optimizer(optimizer: str, help: str) -> None:
    text = (
        f"{HEAD}train: {{batch: 8, epochs: 1, loss: cross_entropy, data: {{resize: 40, crop: 32, mirror: true, "
        f"mean: pixel}}, test: center, {optimizer}}}\nlayers: {{r: {{op: relu}}}}\n"
    )
    assert helps(text) == [help]
    assert unfixed(text)


@pytest.mark.parametrize(
    ("written", "help", "right"),
    [
        ("optimizer: adam, lr: 0.1", "write `optimizer: {adam: {lr: 0.1}}`", "optimizer: {adam: {lr: 0.1}}"),
        (
            "lr: 0.1, beta2: 0.99",
            "write `optimizer: {adam: {lr: 0.1, beta2: 0.99}}`",
            "optimizer: {adam: {lr: 0.1, beta2: 0.99}}",
        ),
        (
            "optimizer: {name: AdamW, lr: 0.1, wd: 0}",
            "write `optimizer: {adamw: {lr: 0.1, weight_decay: 0}}`",
            "optimizer: {adamw: {lr: 0.1, weight_decay: 0}}",
        ),
        (f"optimizer: {SGD}, schedule: cosine", "write `schedule: {cosine: {}}`", "schedule: {cosine: {}}"),
        (
            f"optimizer: {SGD}, schedule: {{type: step, gamma: 0.1, every: 30}}",
            "write `schedule: {step: {factor: 0.1, every: 30}}`",
            "schedule: {step: {factor: 0.1, every: 30}}",
        ),
        (
            f"optimizer: {SGD}, schedule: {{name: cosine, warmup: {{epochs: 5}}}}",
            "write `schedule: {cosine: {}, warmup: {epochs: 5}}`",
            "schedule: {cosine: {}, warmup: {epochs: 5}}",
        ),
        (f"optimizer: {SGD}, gradient_clip_val: 1.0", "did you mean `clip`?", "clip: 1.0"),
        (f"optimizer: {SGD}, smoothing: 0.1", "did you mean `label_smoothing`?", "label_smoothing: 0.1"),
        (f"optimizer: {SGD}, schedule: {{CosineAnnealingLR: {{}}}}", "did you mean `cosine`?", "{cosine: {}}"),
    ],
)
def test_training_in_other_words(written: str, help: str, right: str) -> None:
    text = f"{HEAD}train: {{batch: 8, epochs: 1, loss: cross_entropy, {written}}}\nlayers: {{r: {{op: relu}}}}\n"
    assert helps(text) == [help]
    assert right in fix(text.encode(), "a.yaml").data.decode()


@pytest.mark.parametrize(
    ("written", "help"),
    [
        ("schedule: step", "write `schedule: {step: {factor: …, every: …}}`"),
        ("schedule: warmup", "write `schedule: {warmup: {epochs: …}}`"),
        ("schedule: none", "delete `schedule`"),
        ("schedule: constant", "archc has no `constant` yet: delete `schedule`, and the rate stays the same"),
        ("schedule: {}", "write `schedule: {on_plateau: {factor: …, times: …}}`"),
        ("schedule: {step: {factor: 0.1, step_size: 30}}", "delete `step_size`, and write `every: 30`"),
        ("schedule: {cosine: {}, warmup_epochs: 5}", "delete `warmup_epochs`, and write `warmup: {epochs: 5}`"),
        ("schedule: {cosine: {}, warmup: 5}", "write `warmup: {epochs: 5}` or write `warmup: {steps: 5}`"),
        ("schedule: {cosine: {}, warmup: {epochs: 5, steps: 9}}", "keep `epochs` or `steps`"),
        ("schedule: {cosine: {}, step: {factor: 0.1, every: 3}}", "keep `step` or `cosine`"),
        (
            "schedule: {cosine: {eta_min: 1e-4}}",
            "delete `eta_min`, and write `end_factor`, the last rate divided by `lr`",
        ),
        ("warmup_steps: 5", "delete `warmup_steps`, and write `schedule: {warmup: {steps: 5}}`"),
        ("warmup: 5", "delete `warmup`, and write `schedule: {warmup: {epochs: 5}}`, or `steps` in it"),
        ("warmup: {steps: 9}", "delete `warmup`, and write `schedule: {warmup: {steps: 9}}`"),
        ("warmup: true", "delete `warmup`, and write `schedule: {warmup: {epochs: …}}`"),
        (
            "schedule: {cosine: {warmup: {epochs: 5}}}",
            "delete `warmup`, and write `schedule: {cosine: {…}, warmup: {epochs: 5}}`",
        ),
        (
            "schedule: {step: {factor: 0.1, every: 3, warmup_steps: 5}}",
            "delete `warmup_steps`, and write `schedule: {step: {…}, warmup: {steps: 5}}`",
        ),
        ("steps: 100", "delete `steps`, and run `archc train --steps 100`"),
        (
            "accumulate_grad_batches: 4",
            "delete `accumulate_grad_batches`, and write `accumulate: 4`; `batch` is that of all parts together",
        ),
    ],
)
def test_a_schedule_in_other_words(written: str, help: str) -> None:
    text = f"{HEAD}train: {{batch: 8, epochs: 1, loss: cross_entropy, optimizer: {SGD}, {written}}}\n"
    assert helps(text + "layers: {r: {op: relu}}\n") == [help]


@pytest.mark.parametrize(
    ("written", "help"),
    [
        ("{t: {tokens: [10], vocabulary: 0}}", "write `{tokens: [10], vocabulary: …}`"),
        ("{t: {tokens: [null], vocab: 100}}", "write `{tokens: [null], vocabulary: 100}`"),
        ("{tokens: [10], vocabulary: 100}", "write `input: {text: {tokens: [10], vocabulary: 100}}`"),
        ("{a: [3, None, None]}", "write `[3, null, null]`"),
        ("{a: [3, -1, 32]}", "write `[3, null, 32]`"),
        ("{a: [3, H, W]}", "write `[3, null, null]`"),
    ],
)
def test_tokens_and_free_sizes_in_another_form(written: str, help: str) -> None:
    text = f"schema: archc/v1\nname: a\ninput: {written}\nlayers:\n  r: {{op: relu}}\n"
    assert helps(text) == [help]


def test_free_sizes_in_the_right_form_are_not_reported_beside_a_mistake() -> None:
    head = "schema: archc/v1\nname: a\ninput: {t: {tokens: [null], vocabulary: 9}, a: [3, null, null], v: 7}\n"
    layers = "layers:\n  e: {op: embedding, channels: 4, from: t}\n  r: {op: relu, from: a}\n  s: {op: relu, from: v}\n"
    assert helps(f"{head}{layers}outputs: [e, r, s]\n") == ["write `[7]`"]


def test_an_input_under_another_word_is_not_called_unused() -> None:
    text = "schema: archc/v1\nname: a\ninputs: {x: [3, 32, 32]}\nlayers:\n  r: {op: relu, from: x}\n"
    assert helps(text) == ["did you mean `input`?"]
