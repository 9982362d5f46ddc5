"""Creates the demo's films, cinemas and screens."""

from collections.abc import Sequence
from datetime import date, timedelta

from django.utils.text import slugify

from movies.models import Genre, Movie
from shows.models import Cinema, Screen

from .cinemas import CINEMAS
from .film import Film

FRIDAY = 4


def create_films(films: Sequence[Film], today: date) -> int:
    """Add the films that are not in the catalogue yet. Returns their number."""
    genres = _genres({genre for film in films for genre in film.genres})
    slugs = {film: slug_of(film) for film in films}
    taken = set(Movie.objects.filter(slug__in=slugs.values()).values_list("slug", flat=True))
    new = [film for film in films if slugs[film] not in taken]
    movies = Movie.objects.bulk_create(_movie(film, today) for film in new)
    Movie.genres.through.objects.bulk_create(
        Movie.genres.through(movie_id=movie.pk, genre_id=genres[genre].pk)
        for movie, film in zip(movies, new, strict=True)
        for genre in film.genres
    )
    return len(movies)


def create_cinemas() -> tuple[int, int]:
    """Create the cinemas and their screens. Returns the number of each."""
    cinemas = Cinema.objects.bulk_create(
        Cinema(
            name=demo.name,
            slug=demo.slug,
            city=demo.city,
            address=demo.address,
            timezone=demo.timezone,
            currency=demo.money.currency,
            booking_fee=demo.money.booking_fee,
            booking_fee_per=demo.money.booking_fee_per,
            legal_name=demo.money.legal_name,
            tax_number=demo.money.tax_number,
            tax_place=demo.money.tax_place,
        )
        for demo in CINEMAS
    )
    screens = Screen.objects.bulk_create(
        Screen(
            cinema=cinema,
            name=screen.name,
            seating_plan=screen.plan,
            cleaning_minutes=screen.cleaning_minutes,
        )
        for cinema, demo in zip(cinemas, CINEMAS, strict=True)
        for screen in demo.screens
    )
    return len(cinemas), len(screens)


def slug_of(film: Film) -> str:
    """The slug, made from title and year. A later run finds the demo's films by their slugs."""
    return f"{slugify(film.title)}-{film.released.year}"


def _movie(film: Film, today: date) -> Movie:
    return Movie(
        title=film.title,
        slug=slug_of(film),
        description=film.synopsis,
        rating=film.rated,
        duration_minutes=film.minutes,
        language=film.language,
        certification=film.certification,
        cast=list(film.cast),
        release_date=_returns(film, today) if film.returns_in_weeks else film.released,
        release_year=film.released.year,
    )


def _returns(film: Film, today: date) -> date:
    """The Friday on which a re-release returns, `returns_in_weeks` weeks after the next Friday."""
    friday = today + timedelta(days=(FRIDAY - today.weekday()) % 7)
    return friday + timedelta(weeks=film.returns_in_weeks)


def _genres(names: set[str]) -> dict[str, Genre]:
    Genre.objects.bulk_create(
        [Genre(name=name, slug=slugify(name)) for name in sorted(names)], ignore_conflicts=True
    )
    return {genre.name: genre for genre in Genre.objects.filter(name__in=names)}
