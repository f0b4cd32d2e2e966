"""Plain values of what a store holds and does: the same objects on the command line and over HTTP."""
