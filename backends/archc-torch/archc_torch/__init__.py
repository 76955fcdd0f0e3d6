"""The PyTorch backend of archc."""
