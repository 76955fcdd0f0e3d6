"""Studies: runs that are compared, trained one after another or several at a time, and what came out."""
