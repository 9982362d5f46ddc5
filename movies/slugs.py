"""Slugs of films: made from the title once, and never changed."""

from collections.abc import Iterator
from itertools import count

from django.utils.text import slugify

#: Used for a title without a Latin letter or digit.
NO_SLUG = "film"


def slug_base(title: str) -> str:
    return slugify(title)[:200].strip("-") or NO_SLUG


def slug_candidates(title: str, year: int | None) -> Iterator[str]:
    """For example her, her-2013, her-2, her-3 … The caller takes the first that is free."""
    base = slug_base(title)
    yield base
    if year:
        yield f"{base}-{year}"
    for number in count(2):
        yield f"{base}-{number}"
