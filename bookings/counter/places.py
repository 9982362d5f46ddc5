"""The cinema of this counter. The session remembers it, as a counter does not move."""

from dataclasses import dataclass

from django.http import HttpRequest

from shows.models import Cinema

CINEMA_CHOSEN = "counter_cinema"


@dataclass(frozen=True, slots=True)
class Place:
    """The chosen cinema, and all to choose from. `cinema` is None if there is no cinema yet."""

    cinemas: list[Cinema]
    cinema: Cinema | None


def place_of(request: HttpRequest, *, at_first: Cinema | None = None) -> Place:
    """The cinema in the address, or the one that the session remembers.

    Without either: `at_first`, or the first cinema.
    """
    cinemas = list(Cinema.objects.in_use())
    by_slug = {cinema.slug: cinema for cinema in cinemas}
    chosen = by_slug.get(request.GET.get("cinema", ""))
    if chosen:
        if request.session.get(CINEMA_CHOSEN) != chosen.slug:
            request.session[CINEMA_CHOSEN] = chosen.slug
    else:
        chosen = by_slug.get(request.session.get(CINEMA_CHOSEN, ""))
    return Place(cinemas, chosen or at_first or (cinemas[0] if cinemas else None))
