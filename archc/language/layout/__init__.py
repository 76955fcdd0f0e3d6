"""The formatter: rewrites a spec in its one canonical layout, with the same meaning and all comments.

`order` decides the order of fields, and `spelling` how a scalar is written. `tree` builds what is to be printed from
both and the comments, and `printing` breaks that into lines. `canonical` verifies that nothing was lost.
"""
