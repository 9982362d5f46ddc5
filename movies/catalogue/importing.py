"""Imports the films of a catalogue file in batches.

An import does not overwrite fields that staff have changed. Each film stores a digest of every
field that an import has written; if a field no longer matches its digest, staff have changed it.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.text import slugify

from movies.models import Genre, Movie
from movies.signals import films_imported
from movies.slugs import slug_candidates

from .format import Record

BATCH = 200
# The key of an advisory lock; the number has no meaning. A second import waits for it, because two
# imports at once would not see each other's films.
IMPORT_LOCK = 7_203_514


@dataclass(slots=True)
class Imported:
    """How many films were created, updated and left unchanged."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    #: Titles, each with the fields that differ from the file but are kept: staff changed them.
    kept: list[tuple[str, list[str]]] = field(default_factory=list)


def import_films(
    records: Sequence[Record],
    *,
    dry_run: bool = False,
    overwrite: bool = False,
    progress: Callable[[int], object] = lambda count: None,
) -> Imported:
    """Import the films in one transaction. `progress` is called with the size of each batch.

    Films are matched by the record's key. Only fields of the catalogue are written; fields that
    staff fill in (rating, running time, language, poster …) stay. An empty value of the file
    replaces nothing. Fields that staff have changed are kept, unless `overwrite`.
    """
    imported = Imported()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [IMPORT_LOCK])
        genres = _genres(name for record in records for name in record.genres)
        slugs = set(Movie.objects.values_list("slug", flat=True))
        for start in range(0, len(records), BATCH):
            batch = records[start : start + BATCH]
            _import_batch(batch, genres, slugs, imported, overwrite)
            progress(len(batch))
        films_imported.send(sender=Movie)
        if dry_run:
            transaction.set_rollback(True)
    return imported


def _import_batch(
    batch: Sequence[Record],
    genres: dict[str, int],
    slugs: set[str],
    imported: Imported,
    overwrite: bool,
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
            import_digests={n: _digest(value) for n, value in _values(record, genres).items()},
        )
        for record in new
    )
    _set_genres({m.pk: _ids(r, genres) for m, r in zip(movies, new, strict=True)})
    changed, touched = 0, []
    for record in (record for record in batch if record.key in known):
        movie = known[record.key]
        before = movie.import_digests
        written, kept = _update(movie, _values(record, genres), overwrite)
        changed += written
        if written or movie.import_digests != before:
            touched.append(movie)
        if kept:
            imported.kept.append((str(movie), kept))
    Movie.objects.bulk_update(touched, ["description", "cast", "updated_at", "import_digests"])
    imported.created += len(new)
    imported.updated += changed
    imported.unchanged += len(known) - changed


def _free_slug(record: Record, taken: set[str]) -> str:
    slug = next(s for s in slug_candidates(record.title, record.year) if s not in taken)
    taken.add(slug)
    return slug


def _update(movie: Movie, values: dict[str, Any], overwrite: bool) -> tuple[bool, list[str]]:
    """Set the movie's fields to the record's values.

    Returns whether a field changed, and the names of fields that were kept because staff changed
    them. Genres are saved here; the other fields are saved by the caller.
    """
    current = {
        "description": movie.description,
        "cast": movie.cast,
        "genres": sorted(genre.pk for genre in movie.genres.all()),
    }
    digests: dict[str, str] = dict(movie.import_digests or {})
    changes, kept = {}, []
    for name, value in values.items():
        if not value:
            continue
        if value != current[name]:
            if digests.get(name) != _digest(current[name]) and not overwrite:
                kept.append(name)
                continue
            changes[name] = value
        digests[name] = _digest(value)
    movie.import_digests = digests
    if not changes:
        return False, kept
    movie.description = changes.get("description", movie.description)
    movie.cast = changes.get("cast", movie.cast)
    movie.updated_at = timezone.now()
    if "genres" in changes:
        _set_genres({movie.pk: set(changes["genres"])})
    return True, kept


def _values(record: Record, genres: dict[str, int]) -> dict[str, Any]:
    """The fields of an existing film that an import writes, with the record's values."""
    return {
        "description": record.description,
        "cast": list(record.cast),
        "genres": sorted(_ids(record, genres)),
    }


def _digest(value: Any) -> str:
    return hashlib.blake2s(json.dumps(value).encode(), digest_size=8).hexdigest()


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
    """The genres' ids by slug; missing genres are created. Names with the same slug are one
    genre."""
    wanted = {slugify(name): name for name in names}
    Genre.objects.bulk_create(
        [Genre(name=name, slug=slug) for slug, name in sorted(wanted.items())],
        ignore_conflicts=True,
    )
    return dict(Genre.objects.filter(slug__in=wanted).values_list("slug", "pk"))
