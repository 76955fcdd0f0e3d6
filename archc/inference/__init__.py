"""Uses a run's weights in a backend's process: evaluates them on held-out examples, predicts the classes of pictures.

`task` and `outcome` are the files by which `archc evaluate` and `archc predict` talk to that process. They import no
NumPy.
"""
