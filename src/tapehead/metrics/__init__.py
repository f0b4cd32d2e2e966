"""What a number on a result means, and how it is summed up."""
