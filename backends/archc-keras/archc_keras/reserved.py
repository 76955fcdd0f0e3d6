"""Names that a value or a network cannot have in an emitted Keras file. Layers keep theirs, which are strings."""

from __future__ import annotations

# I, O and l are names that linters refuse.
RESERVED = frozenset(
    """
    Any BatchNorm GroupedConv2D LocalResponseNorm LowestPadding2D MomentumSGD SpatialResponseNorm he_normal initializers
    keras layers math normal ops self super x I O l
    """.split()
)
