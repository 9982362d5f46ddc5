"""What the page of a film without shows says to the person who looks at it."""

from dataclasses import dataclass

from django.http import HttpRequest

from accounts.models import User
from movies.models import Movie

from .forms import AskForm
from .models import FilmWish


@dataclass(frozen=True, slots=True)
class Offer:
    """`wish`: the person waits already. Otherwise `form` asks."""

    form: AskForm
    wish: FilmWish | None


def offer(request: HttpRequest, movie: Movie, *, city: str = "") -> Offer | None:
    """For a film without bookable shows. None if the film was archived: nobody will show it."""
    if movie.archived_at:
        return None
    user = request.user if isinstance(request.user, User) else None
    wish = FilmWish.objects.filter(movie=movie, user=user, told_at=None).first() if user else None
    return Offer(AskForm(user=user, city=city), wish)
