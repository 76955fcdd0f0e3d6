"""Variants: specs that are another spec with changes.

A spec with `extends:`, or a variant of a spec, is derived before anything else reads it: the nodes of the base, with
values replaced at paths, and layers replaced, removed and inserted. Each node keeps the file and the position that it
comes from. Few specs are variants, so only those import this package.
"""
