"""Signals and rules become trades and an equity curve."""
