"""A PostgreSQL and a Valkey of one's own: found programs, started, watched and stopped without root or container."""
