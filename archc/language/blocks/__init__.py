"""Blocks and numbered stages: layers that a spec writes once and uses under several paths.

A spec with blocks is expanded before anything else reads it: `layers:` becomes a flat mapping of paths to layers, with
each `$name` replaced by the value at the call. Few specs have blocks, so only those import this package.
"""
