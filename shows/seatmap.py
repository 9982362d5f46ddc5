"""The shared seat map of a show as it is kept in the cache."""

from django.core.cache import cache


def pointer_key(show_id: int) -> str:
    return f"seatmap:{show_id}:current"


def forget(show_id: int) -> None:
    """Drop the pointer to the current version; the next reader looks at the seats again."""
    cache.delete(pointer_key(show_id))
