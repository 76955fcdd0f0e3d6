"""The language: the bytes of a spec to a graph, and the same text laid out anew or described to an editor.

Read in this order: `reader` gives nodes with positions, `spec` the sections, `lowering` the graph. Nothing outside this
room reads a spec's text.
"""
