"""What commands share: the specs and files that they read and write, the terminal that they print to."""
