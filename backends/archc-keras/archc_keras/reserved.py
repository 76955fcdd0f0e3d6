"""Names that a value or a network cannot have in an emitted Keras file. Layers keep theirs, which are strings."""

from __future__ import annotations

from archc.emit.snippets import names_in

# Layers are local variables of the constructor, which calls the snippets. I, O and l are names that linters refuse.
RESERVED = names_in("archc_keras.snippets") | frozenset("Any I O keras l layers math ops self super x".split())

LOCAL = frozenset("i name range".split())
"""Names that a network with blocks uses beside those."""
