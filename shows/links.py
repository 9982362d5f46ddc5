"""Links that keep a visitor's filters."""

from urllib.parse import urlencode


def filter_query(**asked: str) -> str:
    """The filters that aren't empty as a query to add to links; "" without any."""
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"?{query}" if query else ""
