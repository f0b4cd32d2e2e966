"""The store in files and SQLite."""
