"""What lists of films and shows say about their waiting rooms."""

from collections.abc import Mapping

from django import template

from shows.waiting_room.list_notes import SaleNote

register = template.Library()


@register.filter
def of(notes: Mapping[int, SaleNote] | str, pk: int | None) -> SaleNote | None:
    """The note about this on-sale, or this film; None if there is none."""
    return notes.get(pk) if pk and not isinstance(notes, str) else None
