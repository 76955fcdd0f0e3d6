"""The difference between two networks, whatever their texts look like. Facts in, differences out."""
