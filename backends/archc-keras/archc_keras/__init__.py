"""The Keras backend of archc."""
