"""The other tools; every file here runs in .venv-peers, in a process of its own."""
