"""Contract suites for authors of stores and caches."""
