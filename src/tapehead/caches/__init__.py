"""Tiers of decoded columns, keyed by content."""
