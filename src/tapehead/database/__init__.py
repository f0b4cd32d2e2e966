"""PostgreSQL: connections, the schema and how it moves."""
