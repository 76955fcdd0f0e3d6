"""Options that a command does not have: what is meant, and nothing if that is unlikely."""

import pytest


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("train --epoch 3", "--epoch. Did you mean '--epochs'?"),
        ("train --batch-size 3", "--batch-size. Did you mean '--batch'?"),
        ("train --learning-rate 3", "--learning-rate. Did you mean '--lr'?"),
        ("train --device cpu", "--device. Did you mean '--gpus'?"),
        ("train --fastdevrun", "--fastdevrun. Did you mean '--fast-dev-run'?"),
        (
            "train --optimizer adam",
            "--optimizer. `optimizer` is a field of the spec's `train`: `archc explain optimizer`",
        ),
        ("train --wd 0", "--wd. `weight_decay` is a field of the spec's `train`: `archc explain weight_decay`"),
        ("train --colour red", "--colour"),
        ("evaluate runs/a --weight best", "--weight. Did you mean '--weights'?"),
        ("evaluate runs/a --optimizer adam", "--optimizer"),
        ("check --json", "--json. Did you mean '--output-format'?"),
        ("runs --learning-rate 3", "--learning-rate"),
        ("runs -x", "-x"),
        ("--verison", "--verison. Did you mean '--version'?"),
    ],
)
def test_an_unknown_option(archc, words: str, error: str) -> None:
    result = archc(*words.split())
    assert (result.code, result.out) == (2, "")
    assert result.err.splitlines()[-1] == f"Error: No such option: {error}"


@pytest.mark.parametrize("field", ["optimizer", "weight_decay"])
def test_what_is_suggested_is_explained(archc, field: str) -> None:
    assert archc("explain", field).code == 0
