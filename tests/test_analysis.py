"""The front end as a whole: findings in order, and the same bytes give the same analysis."""

from pathlib import Path

import pytest

from archc.analysis import analyse

SPECS = sorted((Path(__file__).parent / "specs").rglob("*.yaml"))


def test_findings_come_in_the_order_of_the_text() -> None:
    for spec in SPECS:
        places = [finding.span.start for finding in analyse(spec.read_bytes(), "a.yaml").findings]
        assert places == sorted(places)


def test_the_same_bytes_give_the_same_analysis() -> None:
    for spec in SPECS:
        assert analyse(spec.read_bytes(), "a.yaml") == analyse(spec.read_bytes(), "a.yaml")


def test_of_many_findings_the_first_1_000_are_told_and_that_there_are_more() -> None:
    head = "schema: archc/v1\nname: many\ninput: {image: [3, 8, 8]}\nlayers:\n"
    for layers in (1000, 1001, 3000):
        text = head + "".join(f"  l{i}: {{op: rely{i}}}\n" for i in range(layers))
        findings = analyse(text.encode(), "a.yaml").findings
        assert [f.code for f in findings] == ["ARC102"] * 1000 + ["ARC003"] * (layers > 1000)
        assert [f.span.line for f in findings] == list(range(5, 5 + min(layers, 1001)))


def test_advice_beyond_any_number_leaves_a_spec_usable() -> None:
    head = "schema: archc/v1\nname: many\ninput: {image: [3, 8, 8]}\nlayers:\n"
    text = head + "".join(f"  l{i}: {{op: relu}}  # archc: allow ARC902\n" for i in range(1001))
    analysis = analyse(text.encode(), "a.yaml")
    assert analysis.facts is not None
    assert [f.code for f in analysis.findings] == ["ARC990"] * 1001


RECIPE = """\
train:
  batch: 128
  epochs: 90
  loss: cross_entropy
  optimizer: {sgd: {lr: 0.01, momentum: 0.9, weight_decay: 5e-4}}
  data: {resize: 256, crop: 60, mirror: true, mean: pixel}
  test: center
"""
SEVERAL = f"""\
schema: archc/v1
name: several
input: {{image: [3, 64, 64]}}
defaults:
  conv2d: {{weight_init: {{he_normal: {{}}}}}}
  dense: {{weight_init: {{he_normal: {{}}}}}}
layers:
  conv1: {{op: conv2d, filters: 8, kernel: 3}}
  relu1: {{op: relu, foo: 1}}
  pool1: {{op: max_pool2d, kernel: 80, stride: 2}}
  conv2: {{op: conv2d, filters: 8, kernel: 3, from: relu1}}
  fc: {{op: dense, units: 10}}
  prob: {{op: softmax}}
outputs: [prob, pool1]
expect: {{parameters: 5}}
{RECIPE}"""


def codes(text: str) -> list[str]:
    return [finding.code for finding in analyse(text.encode(), "a.yaml").findings]


def test_one_run_reports_all_errors_that_do_not_depend_on_each_other() -> None:
    assert codes(SEVERAL) == ["ARC101", "ARC201", "ARC202", "ARC109"]
    layers = SEVERAL.replace(", foo: 1", "").replace("kernel: 80", "kernel: 2")
    layers = layers.replace("  fc:", "  flat: {op: flatten}\n  fc:").replace("crop: 60", "crop: 64")
    assert codes(layers) == ["ARC915", "ARC302"]  # a total needs all layers


@pytest.mark.parametrize(
    ("layer", "reported"),
    [
        ("{op: relu, foo: 1}", ["ARC101", "ARC202"]),
        ("{op: tanh, foo: 1, bar: 2}", ["ARC101", "ARC101", "ARC202"]),
        ("{op: dropout, rate: 0.5, foo: 1}", ["ARC101", "ARC202"]),
        ("{op: batch_norm, momentum: 0.9, epsilon: 1e-5, foo: 1}", ["ARC101", "ARC202"]),
        # What the layer is, or which value its field has, is not known.
        ("{op: relu, filters: 8, kernel: 3}", ["ARC101", "ARC101"]),
        ("{op: relu, units: 8}", ["ARC101"]),
        ("{op: relu, kernal: 8}", ["ARC101"]),
        ("{op: dropout, foo: 1}", ["ARC101"]),
        ("{op: flatten, foo: 1}", ["ARC101"]),
        ("{op: conv2d, filters: 8, kernel: 3, foo: 1}", ["ARC101"]),
    ],
)
def test_an_unknown_field_does_not_hide_the_shape_of_an_op_that_keeps_any(layer: str, reported: list[str]) -> None:
    head = "schema: archc/v1\nname: several\ninput: {image: [3, 64, 64]}\nlayers:\n"
    found = codes(f"{head}  l: {layer}\n  fc: {{op: dense, units: 10, weight_init: {{he_normal: {{}}}}}}\n")
    assert [code for code in found if code != "ARC103"] == reported


def test_a_crop_is_compared_only_with_an_input_that_is_right() -> None:
    assert codes(SEVERAL.replace("[3, 64, 64]", "[3, 64]")).count("ARC109") == 0
    assert codes(SEVERAL.replace("[3, 64, 64]", "[64, 64, 3]")).count("ARC109") == 0
    assert codes(SEVERAL.replace("crop: 60", "crop: many")).count("ARC109") == 0
    assert codes(SEVERAL.replace("[3, 64, 64]", "[3, 2000000, 2000000]")).count("ARC109") == 0


def test_the_crop_is_fixed_only_beside_right_layers() -> None:
    (crop,) = (f for f in analyse(SEVERAL.encode(), "a.yaml").findings if f.code == "ARC109")
    assert crop.fix == ()
    right = f"schema: archc/v1\nname: a\ninput: {{image: [3, 64, 64]}}\nlayers:\n  t: {{op: tanh}}\n{RECIPE}"
    (crop,) = analyse(right.encode(), "a.yaml").findings
    assert [edit.text for edit in crop.fix] == ["64"]
