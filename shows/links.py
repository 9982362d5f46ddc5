"""Links that carry on what a visitor asked for."""

from urllib.parse import urlencode


def carried(**asked: str) -> str:
    """What a visitor asked for as a query, to be added to links; "" for nothing."""
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"?{query}" if query else ""
