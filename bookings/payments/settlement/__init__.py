"""One payment: opened at its provider, looked at there, and settled with its seats."""
