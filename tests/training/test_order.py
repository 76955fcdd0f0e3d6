"""An epoch's order: a permutation in whole batches, drawn from the seed and the epoch."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from archc.training.order import batches


@given(count=st.integers(1, 300), batch=st.integers(1, 40), seed=st.integers(0, 2**32 - 1), epoch=st.integers(0, 90))
def test_every_picture_at_most_once_in_whole_batches(count: int, batch: int, seed: int, epoch: int) -> None:
    batch = min(batch, count)
    order = batches(count, batch, seed=seed, epoch=epoch)
    assert len(order) == count // batch
    assert {len(part) for part in order} == {batch}
    flat = np.concatenate(order)
    assert len(set(flat.tolist())) == len(flat)
    assert flat.min() >= 0
    assert flat.max() < count


def test_the_same_seed_and_epoch_give_the_same_order_and_others_another() -> None:
    def flat(seed: int, epoch: int) -> list[int]:
        return np.concatenate(batches(100, 10, seed=seed, epoch=epoch)).tolist()

    assert flat(1, 2) == flat(1, 2)
    assert flat(1, 2) != flat(1, 3)
    assert flat(1, 2) != flat(2, 2)


def test_fixed_batches_are_the_same_in_each_epoch_which_keeps_its_length() -> None:
    first = [part.tolist() for part in batches(100, 10, seed=3, epoch=0)]
    for epoch in (0, 1, 7):
        found = [part.tolist() for part in batches(100, 10, seed=3, epoch=epoch, fixed=4)]
        assert found == [first[index % 4] for index in range(10)]
