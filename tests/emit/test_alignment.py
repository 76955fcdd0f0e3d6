"""The parameters of a block's class: what differs between its uses, and what it is called."""

from __future__ import annotations

import re

import pytest

from archc.analysis import analyse
from archc.backend import Origin, Request, load

HEAD = """schema: archc/v1
name: net
input: {image: [4, 8, 8]}
defaults: {conv2d: {kernel: 1, weight_init: {he_normal: {}}}, batch_norm: {epsilon: 1e-5, momentum: 0.9}}
blocks:
"""


def source(blocks: str, layers: str, backend: str = "torch") -> str:
    analysis = analyse(f"{HEAD}{blocks}layers:\n{layers}".encode(), "spec.yaml")
    assert analysis.facts is not None, analysis.findings
    facts = analysis.facts
    return load(backend).emit(Request(facts.graph, facts.counts, facts.own_recipe, Origin.of("spec.yaml", b""))).text


def signatures(text: str) -> dict[str, str]:
    """The parameters of each class, in which it is built with others than itself."""
    pattern = r"^class (\w+)\(.*?def __init__\(\s*self,?\s*(.*?),?\s*\) -> None:"
    found = re.findall(pattern, text.partition("class Momentum")[0], re.MULTILINE | re.DOTALL)
    return {name: " ".join(parameters.split()) for name, parameters in found if parameters}


def calls(text: str, name: str) -> list[str]:
    return re.findall(rf"{name}\([^()]*\)", text.partition("class Net")[2])


ONE = """  a:
    takes: [filters, stride: 1]
    layers: [{op: conv2d, filters: $filters, stride: $stride}, {op: batch_norm}]
"""


def test_what_is_equal_everywhere_is_no_parameter() -> None:
    text = source(ONE, "  x: {block: a, filters: 4}\n  y: {block: a, filters: 4}\n")
    assert signatures(text) == {}
    assert "nn.Conv2d(4, 4, 1)," in text


def test_fields_of_the_block_and_channels() -> None:
    text = source(ONE, "  x: {block: a, filters: 6}\n  y: {block: a, filters: 7, stride: 2}\n")
    assert signatures(text) == {"A": "channels: int, filters: int, stride: int = 1"}
    assert calls(text, "A") == ["A(4, 6)", "A(6, 7, stride=2)"]
    assert "nn.Conv2d(channels, filters, 1, stride=stride)" in text


def test_two_lengths_of_a_side() -> None:
    text = source(ONE, "  x: {block: a, filters: 4}\n  y: {block: a, filters: 4, stride: [2, 1]}\n")
    assert signatures(text) == {"A": "stride: int | tuple[int, int] = 1"}
    assert "A(stride=(2, 1))" in text


def test_times_what_is_read_and_a_field_that_is_derived() -> None:
    wide = "  a:\n    layers: [{op: conv2d, filters: {times: 6}}, {op: conv2d, filters: 4}]\n"
    text = source(wide, "  c: {op: conv2d, filters: 5}\n  x: {block: a}\n  y: {block: a}\n")
    assert signatures(text) == {"A": "channels: int"}
    assert "nn.Conv2d(channels, 6 * channels, 1)" in text
    layers = "  x: {block: a, filters: {times: 2}}\n  y: {block: a, filters: 7}\n"
    assert signatures(source(ONE, layers)) == {"A": "channels: int, filters: int"}


def test_a_number_that_no_field_gives() -> None:
    flat = "  a:\n    layers: [{op: flatten}, {op: dense, units: 3, weight_init: {he_normal: {}}}]\n"
    text = source(flat, "  x: {block: a}\n  c: {op: conv2d, filters: 2, kernel: 3, from: image}\n  y: {block: a}\n")
    assert signatures(text) == {"A": "dense_1_channels: int"}


def test_another_structure_is_a_class_of_its_own() -> None:
    padded = ONE.replace("$stride}", "$stride, padding: $padding}").replace("stride: 1]", "stride: 1, padding: 0]")
    sides = "{top: 1, bottom: 0, left: 0, right: 0}"
    layers = "  x: {block: a, filters: 4}\n  y: {block: a, filters: 5}\n"
    layers += f"  z: {{block: a, filters: 6, padding: {sides}}}\n"
    text = source(padded, layers)
    assert re.findall(r"^class (\w+)", text, re.MULTILINE)[:3] == ["A", "AAtZ", "Net"]
    assert '"0_pad": nn.ZeroPad2d((0, 0, 1, 0)),' in text


@pytest.mark.parametrize(("count", "folded"), [(2, False), (3, True)])
def test_equal_neighbours(count: int, folded: bool) -> None:
    text = source(ONE, f"  c: {{op: relu}}\n  u: {{block: a, filters: 4, repeat: {count}}}\n")
    assert ("for _ in range(3)" in text) == folded
    text = source(ONE, f"  c: {{op: relu}}\n  u: {{block: a, filters: 4, repeat: {count}}}\n", "keras")
    assert ('name=f"u-{i}"' in text) == folded


def test_neighbours_that_count_up() -> None:
    grown = "  a:\n    layers: {c: {op: conv2d, filters: 2}, all: {op: concat, from: [input, c]}}\n"
    layers = "".join(f"      l{number}: {{block: a}}\n" for number in range(2, 6))
    text = source(f"{grown}  b:\n    layers:\n{layers}", "  x: {block: b}\n")
    assert 'for i in range(4):\n            self.add_module(f"l{i + 2}", A(4 + 2 * i))' in text
    assert 'name=f"{name}-l{i + 2}"' in source(f"{grown}  b:\n    layers:\n{layers}", "  x: {block: b}\n", "keras")


def test_items_of_a_stage_that_others_read_are_applied_one_by_one() -> None:
    text = source(ONE, "  z: {block: a, filters: 4}\n  u: [{op: relu}, {op: tanh}]\n  y: {op: add, from: [u.0, u]}\n")
    assert "self.u = nn.Sequential(nn.ReLU(), nn.Tanh())" in text
    assert "= self.u[1](" in text


def test_a_network_may_be_a_list() -> None:
    text = HEAD.partition("blocks:")[0] + "layers: [{op: relu}, {op: conv2d, filters: 3}]\n"
    analysis = analyse(text.encode(), "a.yaml")
    assert analysis.facts is not None
    facts = analysis.facts
    request = Request(facts.graph, facts.counts, facts.own_recipe, Origin.of("spec.yaml", b""))
    assert "super().__init__(\n            nn.ReLU(),  # 4 x 8 x 8\n" in load("torch").emit(request).text
    assert 'name="1"' in load("keras").emit(request).text


def test_a_reader_of_several_sequences_transposes_each() -> None:
    layers = "  s: {op: add, from: [fc, left, right]}\n  fc2: {op: dense, units: 4}\n"
    text = f"""schema: archc/v1
name: net
input: {{sound: [4, 9]}}
defaults: {{dense: {{weight_init: {{he_normal: {{}}}}}}, conv1d: {{kernel: 1, weight_init: {{he_normal: {{}}}}}}}}
layers:
  left: {{op: conv1d, filters: 4}}
  right: {{op: conv1d, filters: 4}}
  fc: {{op: dense, units: 4}}
{layers}"""
    analysis = analyse(text.encode(), "a.yaml")
    assert analysis.facts is not None
    facts = analysis.facts
    source = load("torch").emit(Request(facts.graph, facts.counts, facts.own_recipe, Origin.of("spec.yaml", b"")))
    assert source.text.count("torch.transpose(") == 4
    assert source.renamed == {}


def test_a_block_applies_up_to_three_layers_in_one_expression() -> None:
    """One of them with weights to draw. A value that is read twice has a name, and a chain of layers needs no lines."""
    block = """  a:
    layers:
      n: {op: batch_norm, epsilon: 1e-5, momentum: 0.9}
      r: {op: relu}
      c: {op: conv2d, filters: 4, kernel: 1}
      d: {op: conv2d, filters: 4, kernel: 1}
      s: {op: relu}
      t: {op: tanh}
      u: {op: relu}
      v: {op: concat, from: [t, u]}
      w: {op: relu}
      y: {op: concat, from: [w, input]}
"""
    text = re.sub("  # .*", "", source(block, "  x: {block: a}\n"))
    assert text.partition("def forward(self, input: Tensor) -> Tensor:\n")[2].partition("\n\n")[0].split("\n") == [
        "        x = self.c(self.r(self.n(input)))",
        "        x = self.t(self.s(self.d(x)))",
        "        t = x",
        "        x = self.u(t)",
        "        x = torch.cat((t, x), dim=1)",
        "        del t",
        "        x = self.w(x)",
        "        return torch.cat((x, input), dim=1)",
    ]
