"""What differs between two networks, whatever their texts look like: facts in, differences out."""
