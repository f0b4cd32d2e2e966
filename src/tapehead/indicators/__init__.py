"""The catalogue of indicators, one file each, and the memo that keeps them from being computed twice."""
