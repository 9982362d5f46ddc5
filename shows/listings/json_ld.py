"""The JSON-LD (schema.org) of a film page, for search engines."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from movies.models import Movie

from .showtimes import CinemaTimes, Slot

# Without these escapes, "</script" in a title or description would end the script element.
_ESCAPES = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}
_VIDEO_FORMATS = {"3D": "3D", "IMAX": "IMAX"}


def film_data(
    movie: Movie, cinemas: Iterable[CinemaTimes], absolute: Callable[[str], str]
) -> SafeString:
    """The film and the shows on the page. `absolute` turns a path into a full URL."""
    film: dict[str, Any] = {
        "@type": "Movie",
        "@id": absolute(movie.get_absolute_url()),
        "url": absolute(movie.get_absolute_url()),
        "name": movie.title,
        "image": absolute(movie.card_src),
        "description": movie.description,
        "genre": [genre.name for genre in movie.genres.all()],
        "actor": [{"@type": "Person", "name": name} for name in movie.cast],
        "contentRating": movie.certification,
        "inLanguage": movie.language,
        "datePublished": f"{movie.release_date or movie.release_year or ''}",
        "duration": f"PT{movie.duration_minutes}M" if movie.duration_minutes else "",
    }
    film = {key: value for key, value in film.items() if value}
    shows = [_screening(slot, times, film, absolute) for times in cinemas for slot in times.slots]
    graph = {"@context": "https://schema.org", "@graph": [film, *shows]}
    return mark_safe(json.dumps(graph, ensure_ascii=False).translate(_ESCAPES))


def _screening(
    slot: Slot, times: CinemaTimes, film: dict[str, Any], absolute: Callable[[str], str]
) -> dict[str, Any]:
    show, cinema = slot.show, times.cinema
    # People get to these seats through a waiting room, a few at a time.
    stock = "LimitedAvailability" if show.on_sale_id else "InStock"
    if slot.fullness.level == "full":
        stock = "SoldOut"
    event = {
        "@type": "ScreeningEvent",
        "name": f"{film['name']} at {cinema.name}",
        "image": film["image"],
        "url": absolute(show.get_absolute_url()),
        "startDate": slot.starts.isoformat(timespec="minutes"),
        "endDate": slot.ends.isoformat(timespec="minutes"),
        "eventStatus": "https://schema.org/EventScheduled",
        "eventAttendanceMode": "https://schema.org/OfflineEventAttendanceMode",
        "workPresented": {"@id": film["@id"]},
        "location": {
            "@type": "MovieTheater",
            "name": cinema.name,
            "address": {
                "@type": "PostalAddress",
                "streetAddress": cinema.address,
                "addressLocality": cinema.city,
            },
        },
        "inLanguage": show.language,
        "videoFormat": _VIDEO_FORMATS.get(show.format, ""),
        "offers": {
            "@type": "Offer",
            "url": absolute(show.get_absolute_url()),
            "price": f"{slot.price_from:.2f}",
            "priceCurrency": cinema.currency,
            "availability": f"https://schema.org/{stock}",
        },
    }
    return {key: value for key, value in event.items() if value}
