"""The text that somebody typed into a search box."""

#: Longer than any title, name or email; the rest does not help to find anything.
LONGEST = 200


def clean_search(typed: str) -> str:
    """The text as the database accepts it: without NUL and lone surrogates, LONGEST at most."""
    return typed[:LONGEST].encode(errors="ignore").decode().replace("\0", " ").strip()
