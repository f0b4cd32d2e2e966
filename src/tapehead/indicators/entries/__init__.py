"""Entries of the catalogue, by what an indicator looks at."""
