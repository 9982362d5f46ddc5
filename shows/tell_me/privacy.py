"""The films that a person waits for: in the export of their data, and forgotten with them."""

from typing import Any

from accounts.models import User

from .models import FilmWish


def wishes_of(user: User) -> list[dict[str, Any]]:
    wishes = FilmWish.objects.filter(user=user).with_film().order_by("pk")
    return [
        {
            "film": wish.movie.title,
            "city": wish.city,
            "createdAt": wish.created_at,
            "confirmedAt": wish.confirmed_at,
            "toldAt": wish.told_at,
        }
        for wish in wishes
    ]


def forget_wishes(user: User) -> None:
    FilmWish.objects.filter(user=user).delete()
