"""The text that somebody typed into a search box."""

#: Characters. Nearly all titles, names and emails are shorter. A longer text is cut off here.
LONGEST = 200


def clean_search(typed: str) -> str:
    """The first LONGEST characters, without NUL and lone surrogates, which the database refuses."""
    return typed[:LONGEST].encode(errors="ignore").decode().replace("\0", " ").strip()
