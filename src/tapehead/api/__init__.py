"""The service: HTTP over the library, results as server-sent events."""
