"""The pages of `archc explain`: codes and ops with examples that are run, and concepts that many ops share."""
