"""The side of `archc train` in a training run: its setup, its folder, the training process and the receipt."""
