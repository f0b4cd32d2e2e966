"""Tools that keep bars, Tapehead among them; every file here is a process of its own, measured by one loop."""
