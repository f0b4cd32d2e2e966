"""The words: frozen values that every floor above speaks in."""
