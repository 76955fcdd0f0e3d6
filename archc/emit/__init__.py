"""From a graph to source code: a plan that all backends share, a few kinds of source nodes, and one printer."""
