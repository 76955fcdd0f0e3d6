"""Values in another shape or order."""

from __future__ import annotations

from archc.emit.plan import Step
from archc.emit.syntax import Literal, Tuple, call
from archc.ops.flatten import Flatten
from archc_keras.rules.table import Layers, rule


@rule(Flatten)
def flatten(op: Flatten, step: Step) -> Layers:
    (x,) = step.inputs
    if x.channels == 1 or x.places == 1:
        return {"": call("layers.Flatten")}
    # A spec flattens map by map; Keras stores the maps of a position side by side.
    last = len(x.shape)
    channels_first = Tuple(tuple(map(Literal, (last, *range(1, last)))))
    return {"_order": call("layers.Permute", channels_first), "": call("layers.Flatten")}
