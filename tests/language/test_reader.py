"""Bytes to nodes: YAML 1.2 core scalars, exact spans, and findings for a text that is not a spec."""

from collections.abc import Iterator

import pytest
import yaml

from archc.diagnostics.finding import Finding
from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode, plain, read


@pytest.fixture(params=["libyaml", "pure Python"], autouse=True)
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both parsers of PyYAML: a machine may lack the fast one."""
    if request.param == "pure Python":
        monkeypatch.delattr(yaml, "CSafeLoader")
    else:
        assert yaml.__with_libyaml__


def value(text: str) -> object:
    root, findings = read(text.encode(), "a.yaml")
    assert findings == []
    assert root is not None
    return plain(root)


def only(data: bytes) -> Finding:
    _, (finding,) = read(data, "a.yaml")
    return finding


def nodes(node: YamlNode) -> Iterator[YamlNode]:
    yield node
    match node:
        case SequenceNode():
            for item in node.items:
                yield from nodes(item)
        case MappingNode():
            yield from node.keys.values()
            for item in node.entries.values():
                yield from nodes(item)
        case ScalarNode():
            pass


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1e-4", 1e-4),
        ("5e4", 5e4),
        ("010", 10),
        ("-010", -10),
        ("+3", 3),
        ("0x10", 16),
        ("0o17", 15),
        ("0", 0),
        (".5", 0.5),
        ("1.", 1.0),
        ("-1.5E+2", -150.0),
        ("999999999999999999", 999999999999999999),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("tRUE", "tRUE"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("0b11", "0b11"),
        ("2012-09-30", "2012-09-30"),
        ("1e", "1e"),
        ("١٢", "١٢"),
        ("'1'", "1"),
        ('"true"', "true"),
        ('"a\\tb\\u00e9"', "a\tbé"),
        ("|\n    1\n", "1\n"),
    ],
)
def test_scalars_of_the_core_schema(text: str, expected: object) -> None:
    found = value(f"a: {text}\n")
    assert found == {"a": expected}
    assert isinstance(found, dict)
    assert type(found["a"]) is type(expected)


@pytest.mark.parametrize(
    "text", [".inf", "-.INF", "+.Inf", ".nan", ".NaN", "1e400", "-1e999", "9" * 19, "-" + "1" * 19]
)
def test_numbers_that_cannot_be_used(text: str) -> None:
    root, (finding,) = read(f"a: {text}\nb: 1\n".encode(), "a.yaml")
    assert (finding.code, finding.span.column) == ("ARC007", 4)
    assert root is not None
    assert plain(root) == {"a": None, "b": 1}


@pytest.mark.parametrize("text", ["1" * 19, "-" + "1" * 19, "0x" + "f" * 19, "000" + "1" * 19])
def test_the_digits_of_a_long_integer_are_counted_without_its_sign_and_prefix(text: str) -> None:
    assert only(f"a: {text}".encode()).message == "the integer has 19 digits; the limit is 18"


def test_spans_are_exact() -> None:
    text = "a: {b: [1, 'x y'], c: }\nlist:\n  - one\n  - two: 2  # why\n    three: >\n      folded\n\n# more\nlast: z\n"
    root, _ = read(text.encode(), "a.yaml")
    assert root is not None
    spans = [text[node.span.start : node.span.end] for node in nodes(root)]
    assert spans == [
        text[:-1],
        *("a", "list", "last"),
        *("{b: [1, 'x y'], c: }", "b", "c", "[1, 'x y']", "1", "'x y'", ""),
        *("- one\n  - two: 2  # why\n    three: >\n      folded", "one"),
        *("two: 2  # why\n    three: >\n      folded", "two", "three", "2", ">\n      folded"),
        "z",
    ]


def test_a_block_ends_before_the_comment_after_it() -> None:
    text = "a:\n  b: 1  # why\n\n# about c\nc: 2\n"
    root, _ = read(text.encode(), "a.yaml")
    assert isinstance(root, MappingNode)
    span = root.entries["a"].span
    assert text[span.start : span.end] == "b: 1"


def test_a_byte_order_mark_and_crlf_shift_nothing() -> None:
    root, findings = read(b"\xef\xbb\xbfa: 1\r\nb: [x,\r\n  y]\r\n", "a.yaml")
    assert findings == []
    assert isinstance(root, MappingNode)
    assert root.keys["a"].span.column == 1
    y = [node for node in nodes(root) if isinstance(node, ScalarNode) and node.value == "y"]
    assert [(node.span.line, node.span.column) for node in y] == [(3, 3)]


def test_an_alias_repeats_its_anchor_with_the_anchors_own_span() -> None:
    root, findings = read(b"a: &x {k: 1}\nb: *x\n", "a.yaml")
    assert findings == []
    assert isinstance(root, MappingNode)
    assert root.entries["b"] is root.entries["a"]


def test_a_repeated_key_keeps_its_first_value() -> None:
    root, (finding,) = read(b"a: 1\nb: 2\na: {x: [3]}\n", "a.yaml")
    assert root is not None
    assert plain(root) == {"a": 1, "b": 2}
    assert finding.related[0][0].line == 1


def test_a_merge_key_is_refused_and_its_fields_taken_as_meant() -> None:
    root, (finding,) = read(b"a: &a {x: 1, y: 2}\nb: {y: 3, <<: *a}\n", "a.yaml")
    assert finding.code == "ARC006"
    assert root is not None
    assert plain(root) == {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}}
    assert value("'<<': 1") == {"<<": 1}


@pytest.mark.parametrize(
    ("data", "code", "place"),
    [
        (b"# gr\xf6\xdfe", "ARC001", (1, 5)),
        ("a: 1".encode("utf-16"), "ARC001", (1, 1)),
        (b"a: \xed\xa0\x80", "ARC001", (1, 4)),
        (b"a: 1\n\x00", "ARC002", (2, 1)),
        (b"\xef\xbb\xbf\xef\xbb\xbfa: 1", "ARC002", (1, 1)),
        ("a: \ufffe".encode(), "ARC002", (1, 4)),
        ("a🧠: 1\n漢: 🧠 # \u202e\n".encode(), "ARC002", (2, 8)),
        ("a: 'x\u2066y'".encode(), "ARC002", (1, 6)),
        ("a: 1 # \u2028b: 2\n".encode(), "ARC002", (1, 8)),
        ("\x85a: 1".encode(), "ARC002", (1, 1)),
        (b"a: " + b"x" * 5000, "ARC003", (1, 4)),
        (b"", "ARC004", (1, 1)),
        (b"# nothing\n", "ARC004", (1, 1)),
        (b"--- \n...\n--- \n", "ARC006", (3, 1)),
        (b"a: [1, 2", "ARC004", (1, 9)),
        (b'a: "b', "ARC004", (1, 6)),
        (b"a: b: c", "ARC004", (1, 5)),
        (b"a: @b", "ARC004", (1, 4)),
        (b"- - a\n - b", "ARC004", (2, 2)),
        (b"%YAML 2.0\n---\na", "ARC004", (1, 1)),
        (b"? {a: b}\n: c", "ARC006", (1, 3)),
        (b"[a]: b", "ARC006", (1, 1)),
        (b"a: &x 1\n*x : 2", "ARC006", (2, 1)),
        (b"a: &x [*x]", "ARC008", (1, 8)),
        (b"a: *x", "ARC008", (1, 4)),
    ],
)
def test_a_text_that_is_not_a_spec_gives_one_finding_at_its_position(
    data: bytes, code: str, place: tuple[int, int]
) -> None:
    finding = only(data)
    assert (finding.code, (finding.span.line, finding.span.column)) == (code, place)


@pytest.mark.parametrize(
    "data",
    [
        b"a: !%ED%A0%80 x",
        b"a: !%C0%80 x",
        b'a: "\\UFFFFFFFF"',
        b'a: "\\U00110000"',
        b'a: "\\uD800"',
        b'"\\uDC00": 1',
        b"%YAML " + b"1" * 5000 + b".1\n---\na: 1",
        b"%TAG ! tag:%ff:\n---\na: !x 1",
    ],
)
def test_escapes_and_versions_out_of_range_are_findings(data: bytes) -> None:
    root, findings = read(data, "a.yaml")
    assert findings
    assert findings[0].code in ("ARC002", "ARC004", "ARC006")
    assert root is None or findings[0].code == "ARC006"


@pytest.mark.parametrize("opening", [b"[", b"{a: ", b"- ", b"[{a: ", b"? "])
def test_a_nest_of_100_000_is_a_finding(opening: bytes) -> None:
    finding = only(opening * 100_000)
    assert finding.code in ("ARC003", "ARC004", "ARC006")


def test_64_levels_are_allowed_and_65_are_not_through_aliases_too() -> None:
    assert read(b"[" * 64 + b"]" * 64, "a.yaml")[1] == []
    assert only(b"[" * 65 + b"]" * 65).code == "ARC003"
    deep = b"a: &a " + b"[" * 40 + b"]" * 40 + b"\nb: "
    assert read(deep + b"[" * 23 + b"*a" + b"]" * 23, "a.yaml")[1] == []
    assert only(deep + b"[" * 24 + b"*a" + b"]" * 24).code == "ARC003"


TEN_TO_THE_FIFTH = b"a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (level, level, b",".join([b"*a%d" % (level - 1)] * 10)) for level in range(1, 5)
)


@pytest.mark.parametrize("item", [b"*a4", b"[*a4]", b"{k: [*a4]}"])
def test_aliases_cannot_expand_without_end(item: bytes) -> None:
    assert read(TEN_TO_THE_FIFTH + b"b: [" + b",".join([item] * 7) + b"]", "a.yaml")[1] == []
    finding = only(TEN_TO_THE_FIFTH + b"b: [" + b",".join([item] * 9) + b"]")
    assert (finding.code, finding.span.line) == ("ARC003", 6)


def test_a_text_beyond_8_mib_is_not_even_decoded() -> None:
    finding = only(b"\xff" * (8 * 2**20 + 1))
    assert (finding.code, finding.message) == ("ARC003", "the spec is larger than the limit of 8,388,608 bytes")


def test_reading_ends_soon_after_a_thousand_findings() -> None:
    _, findings = read(b"- !x y\n" * 5000, "a.yaml")
    assert 1000 <= len(findings) <= 1002
