"""File formats that bars come in."""
