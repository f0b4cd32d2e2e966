"""One verb a file: what Tapehead does, in terms of ports."""
