"""The tables that a person reads, and the same facts for programs. Facts in, text out."""
