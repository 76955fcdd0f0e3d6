"""The front end as a whole: findings in order, and the same bytes give the same analysis."""

from pathlib import Path

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
