"""Search: which sets of a sweep are scored, and on which instruments first."""
