"""`python -m archc`, for an environment whose scripts are not on PATH."""

from archc.commands import main

if __name__ == "__main__":
    main()
