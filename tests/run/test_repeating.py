"""What `archc train --from-receipt RUN` says of the weights that it gave, beside those of RUN."""

from pathlib import Path

import pytest

from archc.run.resuming import compared
from archc.training.result import Data, Figures, Result

DATA = Data(files=9, bytes=99, sha256="0d")
END = Figures(first_loss=7.0, last_loss=0.5, chance=0.1, test="center", count=9, top1=5, top5=8, loss=1.25)
COMPLETE = Result(devices=("cpu",), data=DATA, weights="ab", figures=END)


@pytest.mark.parametrize(
    ("repeated", "said"),
    [
        (COMPLETE, "the weights are those of {}, to the bit"),
        (COMPLETE.model_copy(update={"weights": None}), "{} has no weights to compare with"),
        (
            COMPLETE.model_copy(update={"weights": "cd", "figures": None}),
            "{} ended before its last step, so its weights are not compared",
        ),
        (
            COMPLETE.model_copy(update={"weights": "cd", "data": DATA.model_copy(update={"sha256": "0e"})}),
            "the weights are not those of {}, which had other data",
        ),
    ],
)
def test_why_the_weights_are_not_the_same(tmp_path: Path, repeated: Result, said: str) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    for run, result in ((own, COMPLETE), (other, repeated)):
        run.mkdir()
        result.write(run)
    assert compared(own, other) == said.format(other)
