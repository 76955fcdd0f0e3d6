"""The side of the training process in a run, for every framework: job, loop, schedule, journal and result.

`archc train` writes the job; the process of a backend reads it and trains. Nothing here imports a framework.
"""
