"""Changes of the catalogue."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, Q
from django.utils.text import slugify

from bookmyshow.core.staff import audit

from .errors import MovieHasShows
from .models import Genre, Movie
from .slugs import slug_base, slug_candidates

SLUG_ATTEMPTS = 5
SLUG_CONSTRAINT = "movies_movie_slug"
#: The columns that MovieFacts sets.
FACTS = (
    "title",
    "description",
    "rating",
    "duration_minutes",
    "language",
    "certification",
    "cast",
    "release_date",
    "release_year",
    "poster_url",
    "updated_at",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MovieFacts:
    """The facts about a film. An empty value means unknown."""

    title: str
    description: str = ""
    genres: Sequence[str] = ()
    rating: Decimal | None = None
    duration_minutes: int | None = None
    language: str = ""
    certification: str = ""
    cast: Sequence[str] = ()
    release_date: date | None = None
    poster_url: str = ""


def create_movie(facts: MovieFacts, *, by: AbstractBaseUser, what: str = "Added.") -> Movie:
    """Add a film. Its slug is made from the title and never changes. `what`: for the audit log."""
    for _ in range(SLUG_ATTEMPTS):
        try:
            with transaction.atomic():
                created = _write(Movie(slug=_free_slug(facts)), facts)
                audit.record(by=by, about=created, what=what, kind=audit.ADDITION)
            return created
        except IntegrityError as error:
            # Another film with the same title was added at the same time.
            if SLUG_CONSTRAINT not in str(error):
                raise
    raise RuntimeError(f"no free slug for {facts.title!r}")


def replace_movie(
    movie: Movie, facts: MovieFacts, *, by: AbstractBaseUser, what: str = "Replaced."
) -> Movie:
    """Replace all facts of a film. `what` is for the audit log.

    Other columns keep their values in the database, even if `movie` differs: slug, uploaded poster,
    archive date and the columns of the import.
    """
    with transaction.atomic():
        replaced = _write(movie, facts, update_fields=FACTS)
        audit.record(by=by, about=replaced, what=what)
    return replaced


def delete_movie(movie: Movie, *, by: AbstractBaseUser, what: str = "Deleted.") -> None:
    """Delete a film without shows. `what` is for the audit log. Raises MovieHasShows."""
    with transaction.atomic():
        audit.record(by=by, about=movie, what=what, kind=audit.DELETION)
        # A show that is being scheduled waits for this lock, and then finds no film.
        Movie.objects.select_for_update().filter(pk=movie.pk).first()
        try:
            Movie.objects.filter(pk=movie.pk).delete()
        except ProtectedError as error:
            raise MovieHasShows from error


def genres_named(names: Iterable[str]) -> list[Genre]:
    """The genres with these names; new ones are created. Case and punctuation are ignored."""
    genres = {}
    for name in names:
        slug = slugify(name) or f"genre-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        found = Genre.objects.filter(Q(slug=slug) | Q(name__iexact=name)).first()
        genre = found or Genre.objects.get_or_create(slug=slug, defaults={"name": name})[0]
        genres[genre.pk] = genre
    return list(genres.values())


def _write(movie: Movie, facts: MovieFacts, *, update_fields: Sequence[str] | None = None) -> Movie:
    movie.release_year = _release_year(movie, facts)
    movie.title = facts.title
    movie.description = facts.description
    movie.rating = facts.rating
    movie.duration_minutes = facts.duration_minutes
    movie.language = facts.language
    movie.certification = facts.certification
    movie.cast = list(facts.cast)
    movie.release_date = facts.release_date
    movie.poster_url = facts.poster_url
    movie.save(update_fields=update_fields)
    movie.genres.set(genres_named(facts.genres))
    return Movie.objects.prefetch_related("genres").get(pk=movie.pk)


def _release_year(movie: Movie, facts: MovieFacts) -> int | None:
    """The year of the new date. A different year stays as it is: of an old film that is released
    again, or of an import without a date.
    """
    if movie.release_date and movie.release_year not in {None, movie.release_date.year}:
        return movie.release_year
    if facts.release_date:
        return facts.release_date.year
    return None if movie.release_date else movie.release_year


def _free_slug(facts: MovieFacts) -> str:
    base = slug_base(facts.title)
    taken = set(Movie.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    year = facts.release_date.year if facts.release_date else None
    return next(slug for slug in slug_candidates(facts.title, year) if slug not in taken)
