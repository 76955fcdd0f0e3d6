"""Arrays to train on: train.npz and val.npz with an array for each input of the network, and one of targets."""
