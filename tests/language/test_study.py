"""The options of a study's runs."""

from __future__ import annotations

from archc.language.study import Training


def test_steps_and_epochs_replace_each_other() -> None:
    assert Training(epochs=3, batch=8).changed_by(Training(steps=2)).options() == ["--batch", "8", "--steps", "2"]
    assert Training(steps=3).changed_by(Training(epochs=2)).options() == ["--epochs", "2"]
    assert Training(steps=3).changed_by(Training(lr=0.1)).options() == ["--lr", "0.1", "--steps", "3"]
