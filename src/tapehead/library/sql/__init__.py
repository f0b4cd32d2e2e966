"""Read-only SQL over what a store holds."""
