"""Who may ask for what, how often and how much: keys, scopes, places, limits, the audit log."""
