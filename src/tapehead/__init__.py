"""Tapehead tests trading ideas on the whole market at once."""
