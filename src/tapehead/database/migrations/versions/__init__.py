"""One file a step; its SQL stands in a file of the same number."""
