"""A silence follows its finding: formatting neither reports suppressed advice nor suppresses reported advice."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import Phase, event, given, settings
from hypothesis import strategies as st

from archc.analysis import analyse
from archc.formatting import formatted as format_spec
from archc.language.layout.canonical import canonical

HEAD = "schema: archc/v1\nname: a\ninput: {image: [4, 8, 8]}\n"
SPEC = {
    "schema": "archc/v1",
    "name": "a",
    "input": {"image": [4, 8, 8]},
    "defaults": {"max_pool2d": {"kernel": 3, "stride": 2}, "lrn": {"size": 3, "alpha": 1, "beta": 1, "k": 1}},
    "layers": {
        "conv1": {"filters": 4, "op": "conv2d", "kernel": 3, "padding": {"top": 1, "bottom": 1, "left": 1, "right": 1}},
        "norm1": {"op": "lrn"},
        "pool1": {"op": "max_pool2d", "from": "conv1"},
        "pool2": {"kernel": 2, "op": "max_pool2d", "from": "norm1", "stride": [3, 3]},
    },
    "parallel": {"strategy": "data", "devices": 2, "layers": {"conv1": "replicate"}},
}
COMMENTS = [
    "# archc: allow ARC901", "# archc: allow ARC902", "# archc: allow ARC902, ARC903", "# archc: allow ARC911 - why",
    "# archc: allow ARC901, ARC902, ARC903, ARC911", "# why", "# archc: allow ARC905",
]  # fmt: skip


def told(text: str) -> Counter[tuple[str, str]]:
    """The findings by what they say, wherever they say it."""
    return Counter((f.code, re.sub(r"line [0-9]+", "line", f.message)) for f in analyse(text.encode(), "a").findings)


def formatted(text: str) -> str:
    data, findings = canonical(text.encode(), "a.yaml")
    assert findings == []
    assert data is not None
    return data.decode()


@pytest.mark.parametrize(
    "text",
    [
        # One line of several entries, which the formatter breaks if there is no suppression.
        "layers: {pool1: {op: max_pool2d, kernel: 3, stride: 2}}  # archc: allow ARC902\n",
        "defaults: {max_pool2d: {kernel: 3, stride: 2}}  # archc: allow ARC902\nlayers: {pool1: {op: max_pool2d}}\n",
        "# archc: allow ARC902\nlayers: {pool1: {op: max_pool2d, kernel: 3, stride: 2}, relu1: {op: relu}}\n",
        "layers:\n  {pool1: {op: max_pool2d, kernel: 3, stride: 2},  # archc: allow ARC902\n  relu1: {op: relu}}\n",
        # Several lines, which the formatter joins.
        "layers:\n  pool1:  # archc: allow ARC902\n    op: max_pool2d\n    kernel: 3\n    stride: 2\n",
        "layers:\n  # archc: allow ARC902\n  pool1:\n    op: max_pool2d\n    kernel: 3\n    stride: 2\n",
        "layers:\n  pool1: {op: max_pool2d,  # archc: allow ARC902\n    kernel: 3, stride: 2}\n",
        "layers:\n  pool1: {op: max_pool2d,\n    kernel: 3, stride: 2}  # archc: allow ARC902\n",
        "layers:\n  pool1: {op: max_pool2d, kernel: 3, stride: 2\n  }  # archc: allow ARC902\n",
        "layers:\n  pool1: {\n    # archc: allow ARC902\n    kernel: 3,\n    op: max_pool2d, stride: 2}\n",
        "layers:\n  pool1:\n    {op: max_pool2d, kernel: 3, stride: 2}  # archc: allow ARC902\n",
        "layers:\n  pool1:\n    op: max_pool2d\n    kernel:  # archc: allow ARC902\n      3\n    stride: 2\n",
        "layers:\n  pool1:\n    op: max_pool2d\n    kernel:\n      3  # archc: allow ARC902\n    stride: 2\n",
        # The name of the layer, on the line of the comment or not.
        "layers:\n  conv1: {op: conv2d, filters: 4,  # archc: allow ARC901\n    kernel: 3}\n",
        "layers:\n  conv1: {op: conv2d, filters: 4,\n    kernel: 3}  # archc: allow ARC901\n",
        "layers:\n  conv1:  # archc: allow ARC901\n    op: conv2d\n    filters: 4\n    kernel: 3\n",
        "layers:\n  conv1:\n    op: conv2d  # archc: allow ARC901\n    filters: 4\n    kernel: 3\n",
    ],
)
def test_a_silence_stays_with_what_it_covers(text: str) -> None:
    once = formatted(HEAD + text)
    assert told(once) == told(HEAD + text)
    assert formatted(once) == once


class Writer:
    """Writes the spec in any layout, then comments anywhere."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data

    def one_in(self, count: int) -> bool:
        return self.data.draw(st.integers(1, count)) == count

    def text(self) -> str:
        sections = self.data.draw(st.permutations([*SPEC.items()]))
        lines = self.block(dict(sections), "").splitlines()
        for place in sorted(self.data.draw(st.lists(st.integers(0, len(lines) - 1), max_size=4, unique=True)))[::-1]:
            comment = self.data.draw(st.sampled_from(COMMENTS))
            pad = self.data.draw(st.sampled_from(["", "  ", "    ", "      "]))
            if self.one_in(2):
                lines[place] += f"  {comment}"
            else:
                lines.insert(place, pad + comment)
        return "\n".join(lines) + "\n"

    def block(self, mapping: dict[str, object], pad: str) -> str:
        text = ""
        for key, value in mapping.items():
            if isinstance(value, dict) and self.one_in(2):
                text += f"{pad}{key}:\n{self.block(value, pad + '  ')}"  # pyright: ignore[reportUnknownArgumentType]
            else:
                gap = f"\n{pad}  " if self.one_in(12) else " "
                text += f"{pad}{key}:{gap}{self.flow(value, pad + '  ')}\n"
        return text

    def flow(self, value: object, pad: str) -> str:
        def gap() -> str:
            return f"\n{pad}  " if self.one_in(9) else ""

        if isinstance(value, dict):
            entries = [f"{k}: {self.flow(v, pad + '  ')}" for k, v in value.items()]  # pyright: ignore
            return f"{{{gap()}{', '.join(entry + gap() for entry in entries)}}}"
        return str(value)


@given(data=st.data())
@settings(max_examples=200, phases=[Phase.generate])
def test_in_any_layout_the_same_advice_is_suppressed(data: st.DataObject) -> None:
    text = Writer(data).text()
    assert {"ARC901", "ARC902", "ARC903", "ARC911"} <= {code for code, _ in told(re.sub("#.*", "", text))}
    once = format_spec(text.encode(), "a.yaml")
    assert once.data is not None
    assert told(once.data.decode()) == told(text)
    event("kept" if once.is_kept else "formatted")
    assert format_spec(once.data, "a.yaml").data == once.data
