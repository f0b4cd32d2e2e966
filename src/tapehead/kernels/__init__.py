"""Machine code: arrays in, arrays out, nothing else."""
