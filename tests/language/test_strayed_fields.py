"""Fields of the recipe that are written in the wrong section, and those that are missing: the help works."""

import re

import pytest

from archc.analysis import analyse

HEAD = (
    "schema: archc/v1\nname: a\ninput: {image: [3, 32, 32]}\nlayers: {f: {op: flatten}, fc: {op: dense, units: 10}}\n"
)
FIELDS = {
    "batch": "8",
    "epochs": "1",
    "loss": "cross_entropy",
    "optimizer": "{adam: {lr: 1e-3}}",
    "data": "{resize: 36, crop: 32, mirror: true, mean: channel}",
}


def spec(**fields: str) -> str:
    return f"{HEAD}train: {{{', '.join(f'{name}: {text}' for name, text in {**FIELDS, **fields}.items())}}}\n"


def findings(text: str) -> list[tuple[str, str | None]]:
    return [(each.message, each.help) for each in analyse(text.encode(), "a.yaml").findings if each.severity == "error"]


@pytest.mark.parametrize(
    ("fields", "written", "help"),
    [
        (
            {"optimizer": "{adam: {lr: 1e-3}, weight_decay: 1e-4}"},
            "`weight_decay` in the spec's `train.optimizer`: it belongs to `train.optimizer.adam`",
            "write `weight_decay: 1e-4` in `train.optimizer.adam` instead",
        ),
        (
            {"optimizer": "{adam: {lr: 1e-3}, wd: 1e-4}"},
            "`wd` in the spec's `train.optimizer`: it belongs to `train.optimizer.adam`",
            "write `weight_decay: 1e-4` in `train.optimizer.adam` instead",
        ),
        (
            {"optimizer": "{adam: {lr: 1e-3}, lr: 1}"},
            "`lr` in the spec's `train.optimizer`: it belongs to `train.optimizer.adam`",
            "delete `lr`: `train.optimizer.adam` has `lr` already",
        ),
        (
            {"optimizer": "{adam: {}, lr: 1e-3}"},
            "`lr` in the spec's `train.optimizer`: it belongs to `train.optimizer.adam`",
            "write `lr: 1e-3` in `train.optimizer.adam` instead",
        ),
        (
            {"optimizer": "{adam: {lr: 1e-3, clip: 1}}"},
            "`clip` in the spec's `train.optimizer.adam`: it belongs to `train`",
            "write `clip: 1` in `train` instead",
        ),
        (
            {"optimizer": "{adam: {lr: 1e-3, schedule: {cosine: {}}}}"},
            "`schedule` in the spec's `train.optimizer.adam`: it belongs to `train`",
            "write `schedule: {cosine: {}}` in `train` instead",
        ),
        (
            {"data": "{resize: 36, crop: 32, mirror: true, mean: channel, batch: 8}"},
            "`batch` in the spec's `train.data`: it belongs to `train`",
            "delete `batch`: `train` has `batch` already",
        ),
        # Of a section that the spec does not have, nothing is suggested.
        (
            {"optimizer": "{adam: {lr: 1e-3}, every: 3}"},
            "`every` in the spec's `train.optimizer`",
            "valid fields: sgd, adam, adamw",
        ),
    ],
)
def test_a_field_in_the_wrong_section_is_one_finding_that_names_the_right_one(
    fields: dict[str, str], written: str, help: str
) -> None:
    assert findings(spec(**fields)) == [(f"unknown field {written}", help)]


@pytest.mark.parametrize("name", ["batch", "epochs", "loss", "optimizer"])
def test_what_help_suggests_for_a_missing_field_is_valid(name: str) -> None:
    ((_, help),) = findings(f"{HEAD}train: {{{', '.join(f'{n}: {t}' for n, t in FIELDS.items() if n != name)}}}\n")
    suggested = re.search(f"`{name}: (.*?)`", help or "")
    assert suggested is not None
    assert findings(spec(**{name: suggested[1]})) == []
