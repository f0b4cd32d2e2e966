"""The ground: dtypes of columns and the numbers of the formats on disk."""
