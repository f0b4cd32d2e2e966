"""What a service does under load: W5 over HTTP, a thousand streams, fairness, plain routes."""
