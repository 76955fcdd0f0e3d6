"""One mistake, one finding: every format has all places, and a fix mends all of them."""

import json
from pathlib import Path

import pytest

from archc.analysis import analyse
from archc.commands.check import CheckFormat
from archc.diagnostics.finding import Finding
from archc.diagnostics.github import render
from archc.diagnostics.json import as_json
from archc.diagnostics.sarif import as_sarif
from archc.fixing import fix

HEAD = "schema: archc/v1\nname: a\ninput: {image: [3, 32, 32]}\n"
INIT = "defaults: {conv2d: {weight_init: {he_normal: {}}}}\n"


def spec(*layers: str, head: str = HEAD + INIT) -> str:
    return head + "layers:\n" + "".join(f"  {layer}\n" for layer in layers)


def findings(text: str) -> list[Finding]:
    return analyse(text.encode(), "a.yaml").findings


def test_53_layers_of_three_unknown_ops_are_three_findings() -> None:
    layers = [f"a{n}: {{op: {('glu', 'spectral_norm', 'lp_pool2d')[n % 3]}}}" for n in range(53)]
    found = findings(spec(*layers))
    assert [f.message for f in found] == ["unknown op `glu`", "unknown op `spectral_norm`", "unknown op `lp_pool2d`"]
    assert [1 + len(f.places) for f in found] == [18, 18, 17]
    assert found[2].notes[-1] == ("in 17 layers: a2, a5, a8, a11, a14, a17, a20, a23, a26, a29, a32, a35 and 5 more")


@pytest.mark.parametrize(
    ("layers", "count"),
    [
        (["a: {op: relu, inplace: true}", "b: {op: relu, inplace: true}"], 1),
        (["a: {op: relu, inplace: true}", "b: {op: relu, slope: 1}"], 2),
        (["a: {op: conv2d, kernel: 3}", "b: {op: conv2d, kernel: 1}"], 1),
        (["a: {op: conv2d, kernel: 3}", "b: {op: conv2d, filters: 3}"], 2),
        (["a: relu", "b: relu", "c: tanh"], 2),
        (["a: {type: relu}", "b: {type: tanh}", "c: {kind: relu}"], 2),
        (["a: {op: dropout, rate: 2}", "b: {op: dropout, rate: 2}", "c: {op: dropout, rate: 3}"], 2),
        # Names of layers that the messages contain for another reason.
        (["filters: {op: conv2d, kernel: 3}", "needs: {op: conv2d, kernel: 3}", "c: {op: conv2d, kernel: 3}"], 1),
        # Independent shapes with the same figures stay apart: each layer has its own filters.
        (
            [
                "a: {op: conv2d, filters: 8, kernel: 1, groups: 3, from: image}",
                "b: {op: conv2d, filters: 8, kernel: 1, groups: 3, from: image}",
            ],
            2,
        ),
        # As one value of the text, they are one mistake.
        (["a: &a {op: conv2d, filters: 8, kernel: 1, groups: 3, from: image}", "b: *a"], 1),
    ],
)
def test_mistakes_are_the_same_if_their_words_or_their_value_are(layers: list[str], count: int) -> None:
    assert len(findings(spec(*layers))) == count


def test_every_format_has_all_places() -> None:
    text = spec("a: {op: Conv2D, filters: 4, kernel: 3}", "b: {op: relu}", "c: {op: Conv2D, filters: 4, kernel: 3}")
    (finding,) = findings(text)
    places = as_json(finding)["places"]
    assert [(place["line"], place["column"], place["end_column"]) for place in places] == [(8, 11, 17)]
    log = json.loads(json.dumps(as_sarif([finding], version="1", root=Path("/"))))
    (result,) = log["runs"][0]["results"]
    (related,) = result["relatedLocations"]
    assert related["message"] == {"text": "the same mistake"}
    assert related["physicalLocation"]["region"]["startLine"] == 8
    assert "%0Aalso at a.yaml:8:11" in render([finding])


@pytest.mark.parametrize("how", CheckFormat)
def test_a_person_is_told_of_every_layer(archc, here: Path, how: CheckFormat) -> None:
    Path("a.yaml").write_text(spec("a: {type: relu}", "b: {type: relu}", "c: {type: relu}"))
    out = archc("check", "a.yaml", "--output-format", how).out
    assert "(3 places)" in out or "in 3 layers: a, b, c" in out


def test_a_fix_mends_all_places(archc, here: Path) -> None:
    layers = [f"a{n}: {{type: Conv2d, out_channels: 4, kernel_size: 3, padding: 1}}" for n in range(20)]
    Path("a.yaml").write_text(spec(*layers))
    result = archc("check", "a.yaml", "--fix")
    assert result.code == 0
    assert "a.yaml: 4 fixes applied\n" in result.err
    assert "unknown field `kernel_size` in a0 (20 places); now `kernel`\n" in result.err
    mended = "  a0: {op: conv2d, filters: 4, kernel: 3, padding: 1}\n"
    assert Path("a.yaml").read_text().count(mended[5:]) == 20


def test_a_place_without_a_certain_fix_stays_apart() -> None:
    text = spec("a: {op: conv2d, filters: 4, kernel_size: 3}", "b: {op: conv2d, filters: 4, kernel_size: 3, kernal: 3}")
    assert [(f.span.line, bool(f.fix)) for f in findings(text) if "kernel_size" in f.message] == [(6, True), (7, False)]
    assert [f.span.line for f in fix(text.encode(), "a.yaml").analysis.findings] == [7, 7]


def test_suppressed_advice_is_not_a_place_of_other_advice() -> None:
    norm = "{op: lrn, size: 3, alpha: 1, beta: 1, k: 1, from: conv1}"
    layers = ("conv1: {op: conv2d, filters: 4, kernel: 3}", f"a: {norm}  # archc: allow ARC903", f"b: {norm}")
    assert [f.span.line for f in findings(spec(*layers)) if f.code == "ARC903"] == [8]
