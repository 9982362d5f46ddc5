"""Doors of waiting rooms in lists of films and shows."""

from collections.abc import Mapping

from django import template

from shows.waiting_room.door import Door

register = template.Library()


@register.filter
def of(doors: Mapping[int, Door] | str, pk: int | None) -> Door | None:
    """The door of this on-sale, or of this film; None if there is none."""
    return doors.get(pk) if pk and not isinstance(doors, str) else None
