"""What a training run is, whatever the framework: its job, its loop, its schedule, its journal.

`archc train` writes the job; a backend's own process reads it and does the rest. No framework here.
"""
