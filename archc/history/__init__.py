"""What training runs have left in their folders: their events, their outcomes and their curves."""
