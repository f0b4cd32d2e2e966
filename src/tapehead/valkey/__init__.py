"""Redis and Valkey: the shared client."""
