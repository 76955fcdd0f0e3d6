"""The shipped studies: each is read, and each of its specs is valid."""

from pathlib import Path

import pytest

from archc.analysis import analyse
from archc.console.specs import named
from archc.language.packaged import packaged_studies
from archc.language.study import read_study

STUDIES = sorted(packaged_studies().glob("*.yaml"))


@pytest.mark.parametrize("file", STUDIES, ids=lambda file: file.stem)
def test_a_shipped_study_and_its_specs_are_valid(file: Path) -> None:
    study, findings = read_study(file.read_bytes(), str(file))
    assert study is not None, findings
    assert study.name == file.stem
    for arm in study.runs.values():
        spec = named(str(file.parent / arm.spec))
        analysis = analyse(spec.path.read_bytes(), spec.name, spec.asked)
        assert analysis.facts is not None
        assert analysis.findings == []
