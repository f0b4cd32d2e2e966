"""What the designs that Tapehead began with publish of databases and caches: their methods, rebuilt, beside ours."""
