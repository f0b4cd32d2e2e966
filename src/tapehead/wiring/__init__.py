"""The only room that names concrete stores, caches, sources and executors."""
