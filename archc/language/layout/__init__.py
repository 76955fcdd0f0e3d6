"""The one canonical layout of a spec: data -> text of the same meaning, with every comment kept.

`order` says which field comes first, `spelling` how a scalar is written, `tree` puts both and the comments into what
is to be printed, `printing` breaks that into lines, and `canonical` proves that nothing was lost.
"""
