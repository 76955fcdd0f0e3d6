"""Run archc from a checkout: `python cli.py check specs/alexnet.yaml`."""

from archc.commands import main

if __name__ == "__main__":
    main()
