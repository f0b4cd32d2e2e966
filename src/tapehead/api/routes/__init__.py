"""Routes, a file for each thing that can be asked for."""
