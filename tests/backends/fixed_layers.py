"""What `--fix` makes of a layer in the words of another framework."""

from __future__ import annotations

import numpy as np

from archc.analysis import analyse
from archc.fixing import fix
from archc.ops.op import Op

HEAD = "schema: archc/v1\nname: a\ninput: {image: [16, 3, 5]}\nlayers:\n  a: "
MAPS = np.random.default_rng(1).normal(size=(2, 16, 3, 5)) * 3


def fixed_op(body: str) -> Op:
    """The op of a layer after its fixes, all of whose findings must be gone."""
    facts = analyse(fix(f"{HEAD}{body}\n".encode(), "a.yaml").data, "a.yaml").facts
    assert facts is not None
    return facts.graph.node("a").op
