"""`python -m archc`, for an environment whose scripts are not on PATH."""

import sys

# `python -m` looks for modules in the current folder first, where any file could stand for one.
if not sys.flags.safe_path:
    sys.path.pop(0)

from archc.commands import main

if __name__ == "__main__":
    main()
