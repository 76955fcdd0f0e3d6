"""Values in another shape or order."""

from __future__ import annotations

from archc.emit.plan import Step
from archc.emit.syntax import Literal, Tuple, Unless, call, pair
from archc.ops.flatten import Flatten
from archc.ops.upsample import Upsample
from archc_keras.rules.table import Layers, rule


@rule(Flatten)
def flatten(op: Flatten, step: Step) -> Layers:
    (x,) = step.inputs
    if not x.is_maps or x.channels == 1 or x.height * x.width == 1:
        return {"": call("layers.Flatten")}
    # A spec flattens map by map; Keras stores the maps of a position side by side.
    channels_first = Tuple((Literal(3), Literal(1), Literal(2)))
    return {"_order": call("layers.Permute", channels_first), "": call("layers.Flatten")}


@rule(Upsample)
def upsample(op: Upsample, step: Step) -> Layers:
    if op.factor and op.mode == "nearest":
        return {"": call("layers.UpSampling2D", pair(op.factor))}
    # Keras' own bilinear interpolation computes in float32, and has no aligned corners.
    height, width = op.output(*step.inputs)
    return {"": call("Upsample", height, width, corners=Unless(None, op.corners))}
