"""Findings in blocks: each mistake once, at the line that has it, with its uses; fixes and suppressions."""

from __future__ import annotations

import pytest

from archc.analysis import analyse
from archc.diagnostics.finding import Finding
from archc.fixing import fix

HEAD = "schema: archc/v1\nname: net\ninput: {image: [3, 32, 32]}\n"


def spec(block: str, *layers: str) -> str:
    lines = "\n".join(f"  {layer}" for layer in layers)
    return f"{HEAD}blocks:\n  b:\n    takes: [x]\n    layers:\n{block}layers:\n{lines}\n"


def findings(text: str) -> list[Finding]:
    return analyse(text.encode(), "a.yaml").findings


def test_a_mistake_in_a_block_is_reported_once_with_its_uses() -> None:
    block = "      d: {op: dropout, rate: $x}\n      p: {op: max_pool2d, kernel: 0, stride: 1}\n"
    (found,) = findings(
        spec(block, "l1: {block: b, x: 0.1, repeat: 2}", "l2: [{block: b, x: 0.2}, {block: b, x: 0.3}]")
    )
    assert (found.code, found.span.line) == ("ARC105", 9)
    assert found.notes[-1] == "in 4 uses: l1.0, l1.1, l2.0, l2.1"


def test_a_mistake_in_some_uses_says_of_how_many() -> None:
    block = "      d: {op: dropout, rate: $x}\n      p: {op: max_pool2d, kernel: 20, stride: 7}\n"
    (found,) = findings(
        spec(block, "l1: {block: b, x: 0.1}", "l2: {block: b, x: 0.1, from: image}", "l3: {block: b, x: 0.2}")
    )
    assert (found.code, found.span.line) == ("ARC201", 9)
    assert found.notes[-1] == "in 1 of 3 uses: l3"


def test_a_wrong_argument_is_reported_at_the_call_with_the_line_of_the_block() -> None:
    block = "      d: {op: dropout, rate: $x}\n"
    (found,) = findings(spec(block, "l1: {block: b, x: 0.1}", "l2: {block: b, x: 1.5}"))
    assert (found.code, found.span.line) == ("ARC105", 11)
    ((related, label),) = found.related
    assert (related.line, related.column, label) == (8, 30, "`$x` in block b")


def test_a_wrong_default_is_reported_where_it_is() -> None:
    block = "      d: {op: dropout, rate: $x}\n"
    text = spec(block, "l1: {block: b}", "l2: {block: b}").replace("takes: [x]", "takes: [x: 1.5]")
    (found,) = findings(text)
    assert (found.code, found.span.line) == ("ARC105", 6)
    assert [span.line for span, _ in found.related] == [8]


def test_what_is_wrong_in_very_many_uses_is_one_finding() -> None:
    block = "      d: {op: dropout, rate: $x}\n      p: {op: relu, inplace: 3}\n"
    (found,) = findings(spec(block, "l1: {block: b, x: 0.1, repeat: 1500}"))
    assert (found.code, found.span.line) == ("ARC101", 9)
    assert found.notes[-1].startswith("in 1,500 uses: l1.0, l1.1, ")


def test_a_fix_in_a_block_is_applied_once_for_all_uses() -> None:
    block = '      d: {op: dropout, rate: "0.5"}\n      p: {op: max_pool2d, kernel_size: 2, stride: $x}\n'
    text = spec(block, "l1: {block: b, x: 1}", "l2: {block: b, x: 2}")
    assert fix(text.encode(), "a.yaml").data.decode() == text.replace('"0.5"', "0.5").replace("kernel_size", "kernel")


def test_a_fix_of_an_argument_is_applied_if_it_is_right_wherever_the_argument_is_used() -> None:
    block = "      d: {op: dropout, rate: $x}\n      e: {op: dropout, rate: $x}\n"
    text = spec(block, 'l1: {block: b, x: "0.5"}')
    assert fix(text.encode(), "a.yaml").data.decode() == text.replace('"0.5"', "0.5")


def test_a_fix_that_is_wrong_for_another_use_is_not_applied() -> None:
    # The layer that reads 3 channels needs another value than those that read 8.
    block = "      c: {op: conv2d, filters: 8, kernel: 3, in_channels: 3}\n      d: {op: dropout, rate: $x}\n"
    text = spec(block, "l1: {block: b, x: 0.1}", "l2: {block: b, x: 0.1}")
    found = analyse(text.encode(), "a.yaml").findings
    assert {finding.code for finding in found} == {"ARC101"}
    assert [finding.fix for finding in found] == [()]


def test_no_fix_writes_a_path_into_a_block() -> None:
    block = "      a: {op: relu}\n      s: {op: add, from: [-1, input]}\n      d: {op: dropout, rate: $x}\n"
    text = spec(block, "l1: {block: b, x: 0.1}", "l2: {block: b, x: 0.1}")
    assert fix(text.encode(), "a.yaml").data.decode() == text.replace("-1", "a")


ADVICE = "      p: {op: max_pool2d, kernel: 2, stride: 2%s\n      d: {op: dropout, rate: $x}\n"
ODD = HEAD.replace("32, 32", "15, 15")


def advice(block: str, *layers: str) -> list[tuple[str, int]]:
    text = spec(block, *layers).replace(HEAD, ODD)
    return [(finding.code, finding.span.line) for finding in findings(text)]


def test_advice_is_suppressed_on_the_line_of_the_block_or_of_the_call() -> None:
    layers = ["l1: {block: b, x: 0.1}", "l2: {block: b, x: 0.2}"]
    assert advice(ADVICE % "}", *layers) == [("ARC902", 8)]
    assert advice(ADVICE % "}  # archc: allow ARC902", *layers) == []
    allowed = [f"{layer}  # archc: allow ARC902" for layer in layers]
    assert advice(ADVICE % "}", *allowed) == []
    assert advice(ADVICE % "}", layers[0], allowed[1]) == [("ARC902", 8)]


def test_advice_on_an_argument_is_suppressed_on_the_line_of_the_block() -> None:
    block = "      p: {op: batch_norm, epsilon: 1e-5, momentum: $x}%s\n"
    assert advice(block % "", "l1: {block: b, x: 0.1}") == [("ARC916", 10)]
    assert advice(block % "  # archc: allow ARC916", "l1: {block: b, x: 0.1}") == []


def test_an_unused_suppression_in_a_block_is_reported() -> None:
    block = ADVICE % "}  # archc: allow ARC903"
    assert advice(block, "l1: {block: b, x: 0.1}") == [("ARC902", 8), ("ARC990", 8)]


def test_a_mistake_in_an_unused_block_is_found() -> None:
    text = spec("      a: {op: add, from: [c, input]}\n", "l1: {op: relu}")
    assert [finding.code for finding in findings(text)] == ["ARC919", "ARC115", "ARC107"]


def test_a_layer_to_add_in_a_block_has_the_name_that_is_written_there() -> None:
    block = "      c: {op: conv2d, filters: $x, kernel: 3, activation: relu}\n      t: {op: tanh}\n"
    (found,) = findings(spec(block, "l1: {block: b, x: 4}", "l2: {block: b, x: 8}"))
    assert found.help == "delete `activation`, and add a layer `c_relu: {op: relu}` after it"


def test_a_layer_to_add_in_a_list_has_no_name() -> None:
    block = "      - {op: conv2d, filters: $x, kernel: 3, activation: relu}\n      - {op: tanh}\n"
    (found,) = findings(spec(block, "l1: {block: b, x: 4}"))
    assert found.help == "delete `activation`, and add a layer `{op: relu}` after it"


def test_an_op_beside_the_layers_of_a_block_is_deleted() -> None:
    text = spec("      d: {op: dropout, rate: $x}\n", "l1: {block: b, x: 0.1}").replace(
        "takes:", "op: relu\n    takes:"
    )
    (found,) = findings(text)
    assert found.help == "delete `op`: a block has layers, and each of them has an `op` or a `block`"


def test_a_name_that_takes_cannot_have_is_reported_once() -> None:
    text = spec("      d: {op: dropout, rate: $from}\n", "l1: {block: b}").replace("[x]", "[from]")
    (found,) = findings(text)
    assert (found.code, found.span.line) == ("ARC106", 6)


def test_no_block_is_unused_where_the_layers_cannot_be_read() -> None:
    text = spec("      d: {op: dropout, rate: $x}\n", "- {block: b, x: 0.1}", "- {op: relu, name: r}")
    assert [found.code for found in findings(text)] == ["ARC104"]


def test_no_block_is_unused_where_a_mistaken_layer_names_it() -> None:
    text = spec("      d: {op: dropout, rate: $x}\n", "l1: {op: relu, block: b}")
    assert [found.code for found in findings(text)] == ["ARC101"]


def test_a_block_under_another_word_is_named_and_not_called_unused() -> None:
    text = spec("      d: {op: relu}\n", "l1: {blok: b}").replace("    takes: [x]\n", "")
    (found,) = findings(text)
    assert found.help == "write `block: b` instead of `blok: b`"
    assert fix(text.encode(), "a.yaml").data.decode() == text.replace("blok", "block")


def test_advice_on_several_layers_is_suppressed_at_the_use_that_the_first_is_in() -> None:
    block = "      c: {op: conv2d, filters: $x, kernel: 3, padding: 1, weight_init: {he_normal: {}}}\n"
    (found,) = findings(spec(block, "l1: {block: b, x: 4, repeat: 3}"))
    assert (found.code, found.span.line, found.layer) == ("ARC915", 8, "l1.0.c")
    assert found.notes == ("a linear function of a linear function is linear, whatever the weights",)
    assert findings(spec(block, "l1: {block: b, x: 4, repeat: 3}  # archc: allow ARC915")) == []


def test_advice_on_layers_of_one_use_says_in_how_many() -> None:
    conv = "{op: conv2d, filters: $x, kernel: 3, padding: 1, weight_init: {he_normal: {}}}"
    block = f"      c: {conv}\n      d: {conv}\n      r: {{op: relu}}\n"
    (found,) = findings(spec(block, "l1: {block: b, x: 4, repeat: 3}"))
    assert (found.code, found.notes[-1]) == ("ARC915", "in 3 uses: l1.0, l1.1, l1.2")


def test_a_shape_that_a_block_expects_wrongly_is_reported_with_all_uses_that_it_does_not_suit() -> None:
    block = "      c: {op: conv2d, filters: $x, kernel: 3, weight_init: {he_normal: {}}, expect: %s}\n"
    block += "      r: {op: relu}\n"
    layers = ["l1: {block: b, x: 4, repeat: 3}", "l2: {block: b, x: 8}"]
    (found,) = findings(spec(block % "[4, 31, 31]", *layers))
    assert (found.code, found.span.line) == ("ARC301", 8)
    assert found.message == "l1.0.c has the shape 4 × 30 × 30, expected 4 × 31 × 31"
    assert found.notes[-1] == "in 4 uses: l1.0, l1.1, l1.2, l2"
    assert found.help is not None and "let each give its own" in found.help
    (found,) = findings(spec(block % "[4, 30, 30]", *layers))
    assert found.message == "l1.1.c has the shape 4 × 28 × 28, expected 4 × 30 × 30"
    assert found.notes[-1] == "in 3 of 4 uses: l1.1, l1.2, l2"


def test_a_shape_that_a_use_expects_inside_of_a_block_is_reported_once() -> None:
    text = f"""{HEAD}defaults: {{conv2d: {{kernel: 3, weight_init: {{he_normal: {{}}}}}}}}
blocks:
  b: {{takes: [x], layers: {{c: {{op: conv2d, filters: $x}}, r: {{op: relu}}}}}}
  d: {{layers: {{i: {{block: b, x: 4, expect: [4, 9, 9]}}}}}}
layers:
  l1: {{block: d, repeat: 3}}
"""
    (found,) = findings(text)
    assert (found.code, found.span.line, found.notes[-1]) == ("ARC301", 7, "in 3 uses: l1.0.i, l1.1.i, l1.2.i")


def test_uses_that_depend_on_a_mistake_are_not_said_to_be_without_it() -> None:
    block = "      d: {op: dropout, rate: $x}\n      p: {op: max_pool2d, kernel: 40, stride: 7}\n"
    (found,) = findings(spec(block, "l1: {block: b, x: 0.1, repeat: 4}"))
    assert (found.code, found.span.line) == ("ARC201", 9)
    assert not [note for note in found.notes if "uses" in note]
    first, *layers = ["l1: {block: b, x: 0.1, from: image}", "l3: {block: b, x: 0.1}", "l4: {block: b, x: 0.1}"]
    (found,) = findings(spec(block.replace("40", "8"), first, "l2: {op: relu, from: image}", *layers))
    assert (found.layer, found.notes[-1]) == ("l4.p", "in 1 of 3 uses: l4")
    (found,) = findings(spec(block.replace("40", "8"), first, *layers, "l5: {block: b, x: 0.1}"))
    assert (found.layer, found.notes[-1]) == ("l3.p", "in 1 of 2 checked uses: l3")


@pytest.mark.parametrize(
    ("block", "column"),
    [
        ("      $x: {op: relu}\n", 7),
        ("      d: {op: dropout, $x: 0.5}\n", 24),
        ("      d: {op: relu, a: {$x: 1}}\n", 25),
    ],
)
def test_a_reference_in_the_place_of_a_name_is_one_mistake(block: str, column: int) -> None:
    (found,) = findings(spec(block, "l1: {block: b, x: rate}"))
    assert (found.code, found.span.column) == ("ARC114", column)
    assert found.message == "`$x` is a name here, and a reference stands only for a value"


def test_a_name_that_is_refused_in_takes_is_reported_only_there() -> None:
    text = spec("      d: {op: dropout, rate: $ƒ}\n", "l1: {block: b, ƒ: 0.5}").replace("[x]", "[ƒ]")
    (found,) = findings(text)
    assert (found.code, found.span.line) == ("ARC106", 6)


@pytest.mark.parametrize(
    ("value", "code", "message"),
    [
        ("true", "ARC104", "`repeat` must be an integer, got `true`"),
        ("1e9", "ARC003", "`repeat` is 1,000,000,000; the limit is 100,000 layers"),
        ("1.50", "ARC104", "`repeat` must be an integer, got `1.50`"),
        ("three", "ARC104", "`repeat` must be an integer, got `three`"),
        ("", "ARC104", "`repeat` must be an integer, got nothing"),
    ],
)
def test_a_wrong_repeat_is_shown_as_it_is_written(value: str, code: str, message: str) -> None:
    (found,) = findings(spec("      d: {op: dropout, rate: $x}\n", f"l1: {{block: b, x: 0.5, repeat: {value}}}"))
    assert (found.code, found.message) == (code, message)


def test_a_wrong_value_with_a_reference_in_it_is_shown_with_what_is_given() -> None:
    block = "      p: {op: max_pool2d, kernel: [$x, 1], stride: 1}\n"
    (found,) = findings(spec(block, "l1: {block: b, x: [2, 2]}"))
    assert (found.code, found.span.line) == ("ARC105", 8)
    assert [(span.line, label) for span, label in found.related] == [(10, "`$x`")]


def test_an_empty_section_of_blocks() -> None:
    (found,) = findings(f"{HEAD}blocks:\nlayers:\n  l1: {{op: relu}}\n")
    assert found.message == "`blocks` must be a mapping, got nothing"


@pytest.mark.parametrize(
    ("layer", "help"),
    [
        ("l1: {block: B, x: 0.5}", "did you mean `b`?"),
        ("l1: {block: b, x: 0.5, inputs: image}", "did you mean `from`?"),
        (
            "l1: {repeat: 3, layers: [{op: relu}, {op: tanh}]}",
            "write the list alone: `l1: [{op: …}, {op: …}]`, or define a block with its layers in `blocks`",
        ),
    ],
)
def test_the_help_for_a_mistaken_use(layer: str, help: str) -> None:
    found = findings(spec("      d: {op: dropout, rate: $x}\n", "l0: {block: b, x: 0.5}", layer))
    assert [finding.help for finding in found] == [help]


@pytest.mark.parametrize(
    ("field", "help"),
    [
        ("inputs: [a, b]", "delete `inputs`: a block reads what its use lists in `from`, and calls it `input`"),
        ("outputs: [d]", "delete `outputs`: a block gives its last layer"),
    ],
)
def test_a_block_does_not_list_what_it_reads_and_gives(field: str, help: str) -> None:
    text = spec("      d: {op: relu}\n", "l1: {block: b}").replace("takes: [x]", field)
    assert [finding.help for finding in findings(text)] == [help]


def test_the_name_of_a_block_that_yaml_reads_otherwise_is_quoted() -> None:
    text = spec("      d: {op: dropout, rate: $x}\n", "l1: {block: true, x: 0.5}").replace("  b:\n", "  true:\n")
    assert [finding.help for finding in findings(text)] == ['write `block: "true"`']
