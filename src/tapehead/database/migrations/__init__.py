"""How the schema of PostgreSQL came about, step by step; Alembic runs what stands here."""
