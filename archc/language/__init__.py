"""The language archc/v1: from the bytes of a spec to a graph, plus its formatter and its JSON Schema.

Read the modules in this order: `reader` returns nodes with positions, `spec` the sections, `lowering` the graph. Only
this package reads the text of a spec.
"""
