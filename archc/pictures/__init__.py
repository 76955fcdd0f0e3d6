"""Pictures on disk become arrays: find, generate, decode, crop, normalise, order, feed.

Imported by backends only: it needs the extra `archc[train]`. Every random draw is seeded by the run's seed, the epoch
and the picture's index, so what a picture becomes does not depend on ranks, threads or the backend.
"""
