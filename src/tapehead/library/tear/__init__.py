"""The tear sheet: one page that holds all of itself."""
