"""Posters: drawn ones (`drawing`), their URLs, and posters that staff upload or link to."""
