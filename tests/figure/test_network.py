"""The SVG figure of a network: nothing overlaps, nothing leaves the picture, and its sizes are the network's."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seen import Picture, crosses, overlap, read

from archc.analysis import Facts, analyse
from archc.emit.seal import XML, is_sealed
from archc.figure import TooLarge
from archc.figure.boxes import boxes
from archc.figure.columns import in_columns
from archc.figure.network import MOST_PARTS, draw
from archc.figure.svg import svg
from archc.outline import outline

TESTS = Path(__file__).parents[1]
OWN = TESTS / "figure" / "specs"
SHIPPED = ("alexnet", "alexnet_2012", "alexnet_torchvision", "resnet18", "googlenet", "densenet121", "unet")
SPECS = [
    *(TESTS.parent / "specs" / f"{name}.yaml" for name in SHIPPED),
    *(TESTS / "specs" / "good").glob("*.yaml"),
    *OWN.glob("*.yaml"),
]
HOSTILE = ['"a" <b> & c', "]]>", "-->", "a\nb", "\u202eright to left", "}]", "\\", "&amp;", "😀漢字", "\x00\x1b[31m"]


def facts(spec: Path | str) -> Facts:
    data = spec.read_bytes() if isinstance(spec, Path) else spec.encode()
    found = analyse(data, "spec.yaml").facts
    assert found is not None
    return found


def figure(spec: Path | str) -> str:
    found = facts(spec)
    return svg(draw(found.graph, found.placement))


def check_branches(picture: Picture, found: Facts, opened: Iterable[str] = ()) -> None:
    """With branches, lines go around text too. In a chain, the paper's pyramids may pass behind a size."""
    drawn = boxes(found.graph, outline(found.graph, opened))
    if any(len(column) > 1 for column in in_columns(drawn).columns):
        for box in picture.texts:
            assert not any(crosses(line, box) for line in picture.lines), box


def check(picture: Picture) -> None:
    """Check the properties of every figure."""
    for one, other in combinations(picture.texts, 2):
        assert not one.overlaps(other), (one, other)
    for box in picture.texts:
        assert box.left >= 0 and box.top >= 0 and box.right <= picture.width and box.bottom <= picture.height, box
        for face in picture.faces:
            assert not overlap(box.corners, face), (box, face)
    for part in (*picture.faces, *picture.lines):
        assert all(0 <= x <= picture.width and 0 <= y <= picture.height for x, y in part)
    solids = [picture.faces[n : n + 3] for n in range(0, len(picture.faces), 3)]
    for one, other in combinations(solids, 2):
        assert not any(overlap(a, b) for a in one for b in other)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
def test_nothing_overlaps_and_nothing_leaves_the_picture(spec: Path) -> None:
    text = figure(spec)
    assert is_sealed(text, XML)
    check(read(text))
    check_branches(read(text), facts(spec))


OPENED = [
    ("resnet18", ["layer2"]),
    ("resnet18", ["layer1", "layer1.0", "layer3.0"]),
    ("googlenet", ["inception3a"]),
    ("googlenet", ["inception4b.branch3", "conv1"]),
    ("densenet", ["features.4"]),
    ("densenet", ["features"]),
]


@pytest.mark.parametrize(
    ("name", "opened"), OPENED, ids=lambda value: "-".join(value) if isinstance(value, list) else value
)
def test_an_opened_block_is_drawn_in_place(name: str, opened: list[str]) -> None:
    found = facts(OWN / f"{name}.yaml")
    picture = read(svg(draw(found.graph, found.placement, opened)))
    check(picture)
    check_branches(picture, found, opened)
    parts = outline(found.graph, opened)
    assert len(parts) > len(outline(found.graph))
    sentences = picture.description.partition(".  ")[0]
    for part in parts:
        assert part.name in sentences


def test_the_inside_of_a_block_is_drawn_once_below_the_network() -> None:
    picture = read(figure(OWN / "resnet18.yaml"))
    assert picture.words.count("basic, as in layer1.0") == picture.words.count("down, as in layer2.0") == 1
    assert picture.words.count("basic × 2") == 1
    assert picture.words.count("down, basic") == 3
    assert picture.words.count("conv2") == picture.words.count("input") == 2
    # conv1, four stages and fc below the image; the blocks have an input and three or four layers.
    assert len(picture.faces) == 3 * (7 + 4 + 5)
    heights = {box.text: box.top for box in picture.texts}
    assert heights["layer4"] < heights["basic, as in layer1.0"] < heights["down, as in layer2.0"]
    assert "layer1 (basic × 2), 64 × 56 × 56 from conv1" in picture.description
    assert "basic, as in layer1.0: input, 64 × 56 × 56; conv1, 64 × 56 × 56 from input, then bn1" in picture.description


def test_a_block_in_a_block_is_drawn_once() -> None:
    picture = read(figure(OWN / "googlenet.yaml"))
    assert [word for word in picture.words if "as in" in word] == ["cr, as in conv1", "inception, as in inception3a"]
    assert picture.words.count("branch1") == 1
    assert picture.words.count("cr × 2") == 2


def test_repeated_blocks_on_two_devices() -> None:
    text = (
        (OWN / "resnet18.yaml").read_text().replace("\nlayers:", "\nparallel: {devices: 2, strategy: columns}\nlayers:")
    )
    picture = read(figure(text))
    check(picture)
    assert picture.words.count("gather × 4") == 4
    # The inside of a block is drawn whole.
    assert picture.words.count("layer1") == 1
    assert picture.words.count("sum") == 2


def test_alexnet_is_drawn_as_in_the_paper() -> None:
    found = facts(TESTS.parent / "specs" / "alexnet.yaml")
    picture = read(svg(draw(found.graph, found.placement)))
    assert picture.title == found.graph.title
    # Two towers of five solids of maps and three of units, and the picture once: height, width and half of the maps.
    assert len(picture.faces) == 3 * (2 * 8 + 1)
    for size, times in {"55": 4, "48": 2, "27": 4, "128": 4, "13": 12, "192": 4, "2048": 4, "500": 2, "227": 2}.items():
        assert picture.words.count(size) == times, size
    assert picture.words.count("max pooling") == 3
    # A kernel's pyramid has four lines, a dense layer's input is framed by two: each way, and the sample.
    assert picture.exchanges == 2 * (4 + 3 * 2) + 1
    assert "fc6, 4096 from conv5, then relu6, drop6" in picture.description
    rows = {box.top for box in picture.texts if re.fullmatch("conv[1-5]|fc[6-8]", box.text)}
    assert len(rows) == 1


def test_one_tower_without_a_split() -> None:
    text = (TESTS.parent / "specs" / "alexnet.yaml").read_text()
    data = text.replace("columns", "data").replace(", exchanges: [conv3, fc6, fc7, fc8]", "")
    picture = read(figure(data))
    assert len(picture.faces) == 3 * 9
    assert {"96", "4096", "Each of the 2 devices computes the whole network for a part of the batch."} <= set(
        picture.words
    )
    assert picture.exchanges == 0
    alone = read(figure(re.sub("parallel:.*\n", "", data)))
    assert (len(alone.faces), len(alone.words)) == (len(picture.faces), len(picture.words) - 1)


def test_one_of_many_devices_is_shown() -> None:
    text = (TESTS.parent / "specs" / "alexnet.yaml").read_text()
    text = text.replace("devices: 2", "devices: 8").replace(", exchanges: [conv3, fc6, fc7, fc8]", "")
    picture = read(figure(text))
    check(picture)
    assert {"12", "32", "512", "One of 8 devices is shown. Layers in red read values from other devices."} <= set(
        picture.words
    )


def test_a_halo_within_a_block_is_named() -> None:
    picture = read(figure(TESTS / "specs" / "good" / "recipe.yaml"))
    assert picture.words.count("device 3") == 1
    assert any(word.endswith("halo") for word in picture.words)


@pytest.mark.parametrize("title", HOSTILE)
def test_a_title_is_text_and_nothing_else(title: str) -> None:
    found = facts(TESTS / "specs" / "good" / "lenet.yaml")
    text = svg(draw(replace(found.graph, title=title), None))
    picture = read(text)
    check(picture)
    shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in title)
    assert picture.title == shown
    assert shown in picture.words
    assert set(re.findall("<([a-z]+)", text)) <= {*"svg title desc rect g polygon polyline path text".split()}


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_the_same_bytes_in_any_process(hash_seed: str) -> None:
    spec = OWN / "inception.yaml"
    code = (
        "import sys; from pathlib import Path; from archc.analysis import analyse;"
        "from archc.figure.network import draw; from archc.figure.svg import svg;"
        "f = analyse(Path(sys.argv[1]).read_bytes(), 'spec.yaml').facts;"
        "sys.stdout.buffer.write(svg(draw(f.graph, f.placement)).encode())"
    )
    command = [sys.executable, "-c", code, str(spec)]
    done = subprocess.run(command, env={"PYTHONHASHSEED": hash_seed}, capture_output=True, check=True)
    assert done.stdout.decode() == figure(spec)


def chain(layers: int) -> str:
    head = "schema: archc/v1\nname: chain\ninput: {image: [3, 9, 9]}\nlayers:\n"
    conv = "{op: conv2d, filters: 3, kernel: 1, weight_init: {he_normal: {}}}"
    return head + "".join(f"  c{n}: {conv}\n" for n in range(layers))


def test_a_network_that_is_too_large_is_refused() -> None:
    most = (MOST_PARTS - 1) // 2
    assert figure(chain(most)).count("<text") > 3 * most
    with pytest.raises(TooLarge, match=r"^5,001 boxes and lines are too many to draw: the limit is 5,000$"):
        figure(chain(most + 1))


@st.composite
def networks(draw: st.DrawFn) -> str:
    """A spec of any branches, sizes and devices; all numbers of maps divide by 2, 3, 4 and 8."""
    height, width = draw(st.integers(1, 300)), draw(st.integers(1, 300))
    maps = {"image": 24}
    lines = ["schema: archc/v1", "name: any", f"input: {{image: [24, {height}, {width}]}}", "layers:"]
    for number in range(draw(st.integers(1, 14))):
        name = draw(st.sampled_from(["c", "layer_", "W" * 60])) + str(number)
        sources = draw(st.lists(st.sampled_from(list(maps)), min_size=1, max_size=3))
        kind = draw(st.sampled_from(["conv2d", "relu", "lrn", "max_pool2d", "concat", "add"]))
        filters = 24 * draw(st.sampled_from([1, 2, 30, 400]))
        first = sources[0]
        fields = {
            "conv2d": f"from: {first}, filters: {filters}, kernel: 3, padding: 1, weight_init: {{he_normal: {{}}}}",
            "relu": f"from: {first}",
            "lrn": f"from: {first}, size: 3, alpha: 1, beta: 1, k: 1",
            "max_pool2d": f"from: {first}, kernel: 3, stride: 1, padding: 1",
            "concat": f"from: [{', '.join([first, *sources])}]",
            "add": f"from: [{first}, {first}]",
        }
        lines.append(f"  {name}: {{op: {kind}, {fields[kind]}}}")
        maps[name] = {"conv2d": filters, "concat": sum(maps[s] for s in [first, *sources])}.get(kind, maps[first])
    if draw(st.booleans()):
        lines += ["  flat: {op: flatten}", "  fc: {op: dense, units: 48, weight_init: {he_normal: {}}}"]
    if devices := draw(st.sampled_from([0, 2, 3, 4, 8])):
        strategy = draw(st.sampled_from(["columns", "hybrid", "data"]))
        lines.append(f"parallel: {{devices: {devices}, strategy: {strategy}}}")
    return "\n".join(lines) + "\n"


@settings(max_examples=60)
@given(networks())
def test_any_network_is_drawn_without_overlaps(spec: str) -> None:
    picture = read(figure(spec))
    check(picture)
    check_branches(picture, facts(spec))


def test_a_sequence_is_labelled_with_its_length() -> None:
    picture = read(figure(OWN / "inputs.yaml"))
    assert {"4", "100", "join, as in d"} <= set(picture.words)
