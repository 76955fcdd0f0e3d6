"""Turns pictures on disk into batches of arrays: finds or generates, decodes, crops, normalises and orders them.

Only backends import it, since it needs the extra `archc-compiler[train]`. Each random draw is seeded by the run's seed,
the epoch and the picture's index, so the arrays do not depend on the number of ranks or threads, or on the backend.
"""
