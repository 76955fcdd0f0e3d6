"""What layers with learned weights share: a bias or none, and how both begin."""

from __future__ import annotations

from archc.ops.fields import HE_NORMAL, WeightInit
from archc.ops.op import Op


class Weighted(Op, frozen=True):
    """An op that learns a weight and, unless it says otherwise, a bias."""

    bias: bool = True
    weight_init: WeightInit = HE_NORMAL
    bias_init: float = 0
