"""Changes to the catalogue: create, replace and delete films."""

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
#: The columns that `replace_movie` writes. Genres are in a table of their own.
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
    """What is known about a film. An empty value or None means unknown."""

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
    """Add a film and return it. Its slug is made from the title, and never changes later.

    `what` is the text of the line in the audit log. Raises RuntimeError if no free slug was found.
    """
    for _ in range(SLUG_ATTEMPTS):
        try:
            with transaction.atomic():
                created = _write(Movie(slug=_free_slug(facts)), facts)
                audit.record(by=by, about=created, what=what, kind=audit.ADDITION)
            return created
        except IntegrityError as error:
            # Another film took this slug at the same time: try again with the next free one.
            if SLUG_CONSTRAINT not in str(error):
                raise
    raise RuntimeError(f"no free slug for {facts.title!r}")


def replace_movie(
    movie: Movie, facts: MovieFacts, *, by: AbstractBaseUser, what: str = "Replaced."
) -> Movie:
    """Replace all facts of a film. `what` is the text of the line in the audit log.

    Other columns are not written, even if they were changed on `movie`: the slug, the uploaded
    poster, the archive date and the columns of the import.
    """
    with transaction.atomic():
        replaced = _write(movie, facts, update_fields=FACTS)
        audit.record(by=by, about=replaced, what=what)
    return replaced


def delete_movie(movie: Movie, *, by: AbstractBaseUser, what: str = "Deleted.") -> None:
    """Delete a film. `what` is the text of the line in the audit log.

    Raises MovieHasShows if the film has shows, past ones included.
    """
    with transaction.atomic():
        audit.record(by=by, about=movie, what=what, kind=audit.DELETION)
        # Waits for transactions that create a show of this film. Later ones wait for this lock and
        # then find no film.
        Movie.objects.select_for_update().filter(pk=movie.pk).first()
        try:
            Movie.objects.filter(pk=movie.pk).delete()
        except ProtectedError as error:
            raise MovieHasShows from error


def genres_named(names: Iterable[str]) -> list[Genre]:
    """The genres with these names. Missing genres are created.

    Names that differ only in case or punctuation are the same genre.
    """
    genres = {}
    for name in names:
        # `slugify` returns "" for a name without Latin letters or digits.
        slug = slugify(name) or f"genre-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        found = Genre.objects.filter(Q(slug=slug) | Q(name__iexact=name)).first()
        genre = found or Genre.objects.get_or_create(slug=slug, defaults={"name": name})[0]
        genres[genre.pk] = genre
    return list(genres.values())


def _write(movie: Movie, facts: MovieFacts, *, update_fields: Sequence[str] | None = None) -> Movie:
    """Save the facts and return the film as it is in the database, with its genres."""
    # This comes first, because it reads the old release date of `movie`.
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
    """The release year to store with the new facts; `movie` still has the old date and year.

    A stored year that differs from the year of the old date is kept: the date may be that of a
    second release. Otherwise the year comes from the new date. Without a new date it is None, or
    the stored year if there was no old date either (some imported films have only a year).
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
