"""What a job may ask for, as protocols."""
