"""Posters: drawn ones (drawing), their addresses, and those that staff upload or link."""
