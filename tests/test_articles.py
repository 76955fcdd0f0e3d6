"""Networks as common articles state them, AlexNet above all: doing what archc says leaves nothing to find.

tests/test_bad_specs.py compares the findings with those that each spec lists, and their text.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archc.analysis import analyse

ARTICLES = Path(__file__).parent / "specs" / "articles"
GROUPS = tuple((rf"(conv{n}: .*padding: \d)", r"\1, groups: 2") for n in (2, 4, 5))
WHOLE = (("filters: 48", "filters: 96"), ("filters: 128", "filters: 256"), ("filters: 192", "filters: 384"))
TYPED = {
    "biases_of_1": (("units: 1000", "units: 1000, bias_init: 0"),),
    "flatten_of_4096": ((r"expect: \[4096\]", "expect: [9216]"), ("(fc6: .*)4096", r"\g<1>4096, expect: [4096]")),
    "flattened_size_on_fc6": ((r"(fc6.*)\[9216\]", r"\1[4096]"),),
    "kernel_of_11_in_conv2": (("kernel: 11, padding", "kernel: 5, padding"),),
    "kernel_of_13": (("kernel: 13", "kernel: 3"),),
    "kernel_of_13_padded_by_1": (("kernel: 13", "kernel: 3"),),
    "kernel_of_13_unpadded": (("kernel: 13", "kernel: 3, padding: 1"),),
    "kernel_of_13_rounded": (("kernel: 13", "kernel: 3"), ("62300000", "62378344")),
    "kernel_of_7_in_conv1": (("kernel: 7", "kernel: 11"),),
    "lrn_before_relu": ((r"(  norm(\d).*)\n(  relu\2.*)\n", r"\3\n\1\n"),),
    "lrn_formula": (("alpha: 5e-4", "alpha: 1e-4"), ("alpha: 2e-5", "alpha: 1e-4")),
    "lrn_without_size": (("lrn: {", "lrn: {size: 5, "),),
    "lrn_without_window": (("size: 1", "size: 5"),),
    "maps_of_one_gpu": ((r"\[48, 55", "[96, 55"),),
    "no_groups": GROUPS,
    "no_groups_60_9_million": (*GROUPS, ("60900000", "60965224")),
    "no_groups_61_million": (*GROUPS, ("61000000", "60965224")),
    "no_groups_and_kernel_of_13": (("kernel: 13", "kernel: 3"), ("padding: same", "padding: 1"), *GROUPS),
    "no_groups_and_pixels_224": (("stride: 4", "stride: 4, rounding: ceil"), *GROUPS),
    "no_groups_in_conv2": GROUPS[:1],
    "no_groups_nor_biases": (*GROUPS, ("60954656", "60965224")),
    "pixels_224": (("stride: 4", "stride: 4, rounding: ceil"),),
    "pixels_224_counted": (("stride: 4", "stride: 4, rounding: ceil"),),
    "stride_forgotten": ((r"(conv1.*kernel: 11)", r"\1, stride: 4"),),
    "stride_of_2": (("(conv1.*)stride: 2", r"\1stride: 4"),),
    "lrn_of_radius_2": (("size: 2", "size: 5"),),
    "lrn_swapped": (("alpha: 0.75, beta: 1e-4", "alpha: 1e-4, beta: 0.75"),),
    "pool5_forgotten": ((r"(  flat:)", r"  pool: {op: max_pool2d}\n\1"),),
    "pool2_forgotten_counted": ((r"(  conv3:)", r"  pool: {op: max_pool2d}\n\1"),),
    "fc7_forgotten": ((r"(  fc8:)", r"  fc7: {op: dense, units: 4096}\n  relu7: {op: relu}\n\1"),),
    "fc7_twice": ((r"  fc7b.*\n  relu7b.*\n", ""),),
    "vgg_unpadded": (("kernel: 3", "kernel: 3, padding: 1"),),
    "vgg_pools_of_3": (("max_pool2d: {kernel: 3", "max_pool2d: {kernel: 2"),),
    "vgg_pool_forgotten": (
        (r"(    - {op: conv2d, filters: 128}\n)(?=    - {op: relu}\n    - {op: conv2d)", r"    - {op: max_pool2d}\n\1"),
    ),
    "vgg_pixels_256": (("256, 256", "224, 224"),),
    "lenet_kernels_of_3": (("kernel: 3", "kernel: 5"),),
    "zfnet_rounded_down": ((r"(conv[12]: .*stride: 2|pool2d: {.*stride: 2)", r"\1, rounding: ceil"),),
    "resnet_blocks": (("repeat: 3", "repeat: 2"),),
    "stride_of_2_counted": (("(conv1.*)stride: 2", r"\1stride: 4"),),
    "filters_of_one_gpu": (*WHOLE,),
    "filters_of_one_gpu_grouped": (*WHOLE, *GROUPS),
    "scores_forgotten": (("(  prob)", r"  fc8: {op: dense, units: 1000, bias_init: 0}\n\1"),),
    "operations_rounded": (("1450000000", "724406816"),),
    "values_of_conv1": ((r"\[290400\]", "[96, 55, 55]"),),
    "zfnet_with_alexnets_first": (("kernel: 11, stride: 4", "kernel: 7, stride: 2"),),
    "resnet_parameters_of_keras": (("25636712", "25557032"),),
    "vgg_without_top": (("14714688", "138357544"),),
    "googlenet_padded_by_2": (("padding: 2", "padding: 3"),),
    "neurons_as_parameters": (("650000", "62378344"),),
    "pool5_of_7": (("256, 7, 7", "256, 6, 6"),),
    "macs_of_convolutions": (("1076634144", "1135256096"),),
}
"""What each help says to type, as patterns and replacements."""


@pytest.mark.parametrize("spec", sorted(ARTICLES.glob("*.yaml")), ids=lambda spec: spec.stem)
def test_nothing_is_found_once_the_help_is_typed(spec: Path) -> None:
    text = spec.read_text(encoding="utf-8")
    found = analyse(text.encode(), spec.name).findings
    assert found
    for pattern, replacement in TYPED[spec.stem]:
        text, count = re.subn(pattern, replacement, text)
        assert count
    assert analyse(text.encode(), spec.name).findings == []
