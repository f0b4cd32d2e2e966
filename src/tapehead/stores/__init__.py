"""Where bars and runs are kept."""
