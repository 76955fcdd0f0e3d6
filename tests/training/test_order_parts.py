"""The parts of a batch, whose gradients are added."""

import numpy as np
import pytest

from archc.failure import Failure
from archc.training.batch import check_batch
from archc.training.order import batches


@pytest.mark.parametrize("parts", [1, 2, 3, 7])
def test_parts_are_of_nearly_the_same_size_and_make_up_the_batch(parts: int) -> None:
    whole = batches(40, 7, seed=1, epoch=2)
    each = batches(40, 7, seed=1, epoch=2, parts=parts)
    assert len(each) == parts * len(whole)
    for number, batch in enumerate(whole):
        own = each[number * parts : (number + 1) * parts]
        assert max(map(len, own)) - min(map(len, own)) <= 1
        np.testing.assert_array_equal(np.concatenate(own), batch)


def test_each_device_has_an_example_of_each_part() -> None:
    check_batch(8, 2, needs_two=None, parts=4)
    with pytest.raises(Failure) as failure:
        check_batch(7, 2, needs_two=None, parts=4)
    assert failure.value.message == "a batch of 7 is too small for 4 parts (`accumulate`) on 2 devices"
    assert failure.value.help == "use `--batch 8`, or a smaller `accumulate`"
    with pytest.raises(Failure):
        check_batch(7, 1, needs_two="norm1", parts=4)
