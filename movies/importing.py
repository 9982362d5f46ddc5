"""Brings the films of a catalogue file in, many at once."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils import timezone
from django.utils.text import slugify

from . import lists
from .catalogue import Record
from .models import Genre, Movie
from .slugs import slug_candidates

BATCH = 200
# One import at a time, since two at once would not see each other's films; any number will do.
IMPORT_LOCK = 7_203_514


@dataclass(slots=True)
class Imported:
    """How many records made a film, changed one, or left one as it was."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0


def import_films(
    records: Sequence[Record],
    *,
    dry_run: bool = False,
    progress: Callable[[int], object] = lambda count: None,
) -> Imported:
    """Bring the films of a catalogue in, all or nothing; `progress` gets the count of each batch.

    A film is known by its record's key. Only what the catalogue has is written: what staff fill in
    (rating, running time, language, poster …) stays, and an empty text replaces nothing.
    """
    imported = Imported()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [IMPORT_LOCK])
        genres = _genres(name for record in records for name in record.genres)
        slugs = set(Movie.objects.values_list("slug", flat=True))
        for start in range(0, len(records), BATCH):
            batch = records[start : start + BATCH]
            _import_batch(batch, genres, slugs, imported)
            progress(len(batch))
        lists.forget()
        if dry_run:
            transaction.set_rollback(True)
    return imported


def _import_batch(
    batch: Sequence[Record], genres: dict[str, int], slugs: set[str], imported: Imported
) -> None:
    keys = [record.key for record in batch]
    known = {
        movie.source_key: movie
        for movie in Movie.objects.filter(source_key__in=keys).prefetch_related("genres")
    }
    new = [record for record in batch if record.key not in known]
    movies = Movie.objects.bulk_create(
        Movie(
            title=record.title,
            slug=_free_slug(record, slugs),
            description=record.description,
            cast=list(record.cast),
            release_year=record.year,
            source_key=record.key,
        )
        for record in new
    )
    _set_genres({m.pk: _ids(r, genres) for m, r in zip(movies, new, strict=True)})
    changed = [r for r in batch if r.key in known and _update(known[r.key], r, genres)]
    Movie.objects.bulk_update(
        [known[record.key] for record in changed], ["description", "cast", "updated_at"]
    )
    imported.created += len(new)
    imported.updated += len(changed)
    imported.unchanged += len(known) - len(changed)


def _free_slug(record: Record, taken: set[str]) -> str:
    slug = next(s for s in slug_candidates(record.title, record.year) if s not in taken)
    taken.add(slug)
    return slug


def _update(movie: Movie, record: Record, genres: dict[str, int]) -> bool:
    """Take over what the record has; True if that is news. Only genres are written at once."""
    description = record.description or movie.description
    cast = list(record.cast) or movie.cast
    wanted = _ids(record, genres)
    new_genres = bool(wanted) and wanted != {genre.pk for genre in movie.genres.all()}
    if (description, cast) == (movie.description, movie.cast) and not new_genres:
        return False
    movie.description, movie.cast, movie.updated_at = description, cast, timezone.now()
    if new_genres:
        _set_genres({movie.pk: wanted})
    return True


def _ids(record: Record, genres: dict[str, int]) -> set[int]:
    return {genres[slugify(name)] for name in record.genres}


def _set_genres(genres_of: dict[int, set[int]]) -> None:
    through = Movie.genres.through
    through.objects.filter(movie__in=genres_of).delete()
    through.objects.bulk_create(
        through(movie_id=movie, genre_id=genre)
        for movie, genres in genres_of.items()
        for genre in sorted(genres)
    )


def _genres(names: Iterable[str]) -> dict[str, int]:
    """The ids of these genres by slug; "Science Fiction" and "science fiction" are one."""
    wanted = {slugify(name): name for name in names}
    Genre.objects.bulk_create(
        [Genre(name=name, slug=slug) for slug, name in sorted(wanted.items())],
        ignore_conflicts=True,
    )
    return dict(Genre.objects.filter(slug__in=wanted).values_list("slug", "pk"))
