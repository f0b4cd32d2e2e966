"""The page in a real Chromium: what is seen when, and what it costs."""
