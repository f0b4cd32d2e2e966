"""What functions returned, kept for a while."""
