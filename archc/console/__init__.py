"""Shared by commands: the specs they read, the files they write, and the terminal they print to."""
