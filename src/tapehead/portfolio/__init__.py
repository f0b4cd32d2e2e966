"""One account for many instruments: pure."""
