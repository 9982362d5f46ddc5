"""What every page of the counter shows around its content."""

from .bills import refunds_to_hand_back
from .places import Place


def frame(place: Place, page: str, title: str) -> dict[str, object]:
    """The context of the frame. `page` is the link of the bar that is marked."""
    return {
        "cinema": place.cinema,
        "cinemas": place.cinemas,
        "page": page,
        "title": title,
        "waiting": refunds_to_hand_back(place.cinema).count(),
    }
