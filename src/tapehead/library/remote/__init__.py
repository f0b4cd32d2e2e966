"""A store behind a service, asked over HTTP: the same calls, the same results."""
