"""Brings the films of a catalogue file in, many at once.

What staff have changed since the last import stays theirs: a film keeps a digest of each field that
an import wrote, and a field that differs from it is not written again.
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
# One import at a time, since two at once would not see each other's films; any number will do.
IMPORT_LOCK = 7_203_514


@dataclass(slots=True)
class Imported:
    """How many records made a film, changed one, or left one as it was."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    #: Films, with the fields that staff have changed and the file says otherwise.
    kept: list[tuple[str, list[str]]] = field(default_factory=list)


def import_films(
    records: Sequence[Record],
    *,
    dry_run: bool = False,
    overwrite: bool = False,
    progress: Callable[[int], object] = lambda count: None,
) -> Imported:
    """Bring the films of a catalogue in, all or nothing; `progress` gets the count of each batch.

    A film is known by its record's key. Only what the catalogue has is written: what staff fill in
    (rating, running time, language, poster …) stays, and an empty text replaces nothing. Nor does
    anything replace what staff have changed, unless `overwrite`.
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


def _update(movie: Movie, theirs: dict[str, Any], overwrite: bool) -> tuple[bool, list[str]]:
    """Take over what the record has: whether that is news, and what was kept as staff have it.

    Only genres are written at once.
    """
    ours = {
        "description": movie.description,
        "cast": movie.cast,
        "genres": sorted(genre.pk for genre in movie.genres.all()),
    }
    digests: dict[str, str] = dict(movie.import_digests or {})
    news, kept = {}, []
    for name, value in theirs.items():
        if not value:
            continue
        if value != ours[name]:
            if digests.get(name) != _digest(ours[name]) and not overwrite:
                kept.append(name)
                continue
            news[name] = value
        digests[name] = _digest(value)
    movie.import_digests = digests
    if not news:
        return False, kept
    movie.description = news.get("description", movie.description)
    movie.cast = news.get("cast", movie.cast)
    movie.updated_at = timezone.now()
    if "genres" in news:
        _set_genres({movie.pk: set(news["genres"])})
    return True, kept


def _values(record: Record, genres: dict[str, int]) -> dict[str, Any]:
    """What an import writes of a film that it knows already."""
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
    """The ids of these genres by slug; "Science Fiction" and "science fiction" are one."""
    wanted = {slugify(name): name for name in names}
    Genre.objects.bulk_create(
        [Genre(name=name, slug=slug) for slug, name in sorted(wanted.items())],
        ignore_conflicts=True,
    )
    return dict(Genre.objects.filter(slug__in=wanted).values_list("slug", "pk"))
