"""A person's places in waiting rooms: in the export of their data, and forgotten with them."""

from typing import Any

from accounts.models import User

from .models import OnSale, Place


def places_of(user: User) -> list[dict[str, Any]]:
    """For the export: all places of the person, the oldest first."""
    places = list(Place.objects.filter(user=user).order_by("pk"))
    sales = OnSale.objects.with_names().in_bulk({place.on_sale_id for place in places})
    return [
        {
            "onSale": str(sales[place.on_sale_id]),
            "number": place.number,
            "turn": place.turn,
            "joinedAt": place.joined_at,
            "calledAt": place.called_at,
            "enteredAt": place.entered_at,
            "endedAt": place.done_at,
            "status": place.get_outcome_display(),
        }
        for place in places
    ]


def forget_places(user: User) -> None:
    """Delete the person's places. Their numbers are not given again, so all other turns stay."""
    Place.objects.filter(user=user).delete()
