"""Links that keep a visitor's filters."""

from urllib.parse import urlencode


def filter_query(**filters: str) -> str:
    """The query string for a link, with its "?" but without empty filters; "" if all are empty."""
    query = urlencode({name: value for name, value in filters.items() if value})
    return f"?{query}" if query else ""
