"""What `archc explain` shows: codes and ops with examples that are run, and pages on what ops have in common."""
