"""Why a name cannot be read: a cycle is reported once, with its path, however many layers there are."""

from hypothesis import given
from hypothesis import strategies as st

from archc.analysis import analyse

HEAD = "schema: archc/v1\nname: wired\ninput: {image: [1, 4, 4]}\nlayers:\n"


@given(sources=st.lists(st.integers(0, 6), min_size=7, max_size=7))
def test_a_cycle_is_reported_exactly_where_there_is_one(sources: list[int]) -> None:
    """Each layer reads one other, so following the reads from a layer either returns to it or never does."""
    text = HEAD + "".join(f"  a{n}: {{op: relu, from: a{source}}}\n" for n, source in enumerate(sources))
    findings = analyse(text.encode(), "wired.yaml").findings
    cycles: set[frozenset[int]] = set()
    for layer in range(7):
        seen, at = [layer], sources[layer]
        while at not in seen:
            seen.append(at)
            at = sources[at]
        if at == layer:
            cycles.add(frozenset(seen))
    told = [finding for finding in findings if finding.code == "ARC111"]
    assert len(told) == len(cycles)
    assert {finding.code for finding in findings} <= {"ARC107", "ARC111"}
    layers = [line.strip().partition(":")[0] for line in text.splitlines()[4:]]
    assert all(layers[finding.span.line - 5] in finding.message for finding in told)


def test_the_search_ends_in_a_spec_of_very_many_later_layers() -> None:
    """There are more ways from the first to the last than any machine could try."""
    text = HEAD + "".join(f"  a{n}: {{op: add, from: [a{n + 1}, a{n + 2}]}}\n" for n in range(20_000))
    findings = analyse(text.encode(), "wired.yaml").findings
    assert findings[0].message == "a0 reads a1, which is defined later, on line 6"
