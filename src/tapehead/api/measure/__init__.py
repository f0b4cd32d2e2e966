"""What the service says of itself: metrics, readiness, timings, log lines."""
