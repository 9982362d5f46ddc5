import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookmyshow.environment import ROOT
from movies.catalogue.format import Record, Skipped, read_catalogue
from movies.catalogue.importing import import_films
from movies.models import Genre, Movie

SAMPLE = Path(__file__).parent / "data" / "catalogue.json"
# The whole catalogue is not in the repository. It may be in a folder beside it.
WHOLE = sorted((ROOT.parent / "shared" / "data").glob("movies-2020s.json"))
# Usable and unusable records of each.
COUNTS = {SAMPLE.name: ("13", "7"), "movies-2020s.json": ("1,152", "1")}

pytestmark = pytest.mark.django_db


def run(path: Path, **options: bool) -> list[str]:
    out = StringIO()
    call_command("import_movies", path, stdout=out, **options)
    return out.getvalue().splitlines()


def catalogue(folder: Path, text: str | bytes) -> Path:
    path = folder / "films.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def film(name: str, **fields: object) -> dict[str, object]:
    return {"title": name, "year": 2021, "cast": [], "genres": [], "href": name, **fields}


def skips(path: Path) -> dict[int, str]:
    return {e.index: e.reason for e in read_catalogue(path) if isinstance(e, Skipped)}


def test_all_usable_records_become_films() -> None:
    lines = run(SAMPLE)

    assert lines[-1] == "13 created, 0 updated, 0 unchanged, 7 skipped."
    assert Movie.objects.count() == 13
    daughter = Movie.objects.get(title="The Lighthouse Keeper's Daughter")
    assert daughter.slug == "the-lighthouse-keepers-daughter"
    assert daughter.release_year == 2021
    assert daughter.cast == ["Asha Rao", "Jürgen Möller"]
    assert daughter.description == (
        "A girl keeps the lamp burning after her father vanishes.\n"
        "Years later a diver brings up his log book & a key."
    )
    assert [genre.name for genre in daughter.genres.all()] == ["Drama", "Mystery"]
    assert daughter.poster_url == ""
    assert Movie.objects.get(title="The Protégé of Montréal").release_year == 2021


def test_each_skip_tells_the_place_and_the_reason() -> None:
    lines = run(SAMPLE)

    assert lines[:-1] == [
        "Skipped [9] Her: a duplicate of [1] (title, year and href)",
        "Skipped [14]: it has no title",
        "Skipped [15] A Year Too Far: its year 20211 is not between 1874 and 2100",
        "Skipped [16] No Cast List: its cast is not a list of texts",
        "Skipped [17] Hidden�Character: its title has the control character U+0000",
        "Skipped [18]: it is not an object with a title",
        "Skipped [19]: it has no title",
    ]


def test_two_films_with_the_same_title_and_year_get_different_addresses() -> None:
    run(SAMPLE)

    slugs = Movie.objects.filter(title="Swan Lake Road").order_by("pk").values_list("slug")
    assert [slug for (slug,) in slugs] == [
        "swan-lake-road",
        "swan-lake-road-2021",
        "swan-lake-road-2023",
    ]


def test_a_third_film_of_one_title_and_year_gets_a_counter(tmp_path: Path) -> None:
    run(catalogue(tmp_path, json.dumps([film("Echo", href=name) for name in "abcd"])))

    slugs = sorted(Movie.objects.values_list("slug", flat=True))
    assert slugs == ["echo", "echo-2", "echo-2021", "echo-3"]


def test_a_title_without_latin_letters_gets_an_address(tmp_path: Path) -> None:
    run(catalogue(tmp_path, json.dumps([film("千と千尋"), film("शोले")])))

    assert set(Movie.objects.values_list("slug", flat=True)) == {"film", "film-2021"}


@pytest.mark.parametrize("path", [SAMPLE, *WHOLE], ids=lambda path: path.name)
def test_a_second_run_changes_nothing(path: Path) -> None:
    created, skipped = COUNTS[path.name]
    assert run(path)[-1] == f"{created} created, 0 updated, 0 unchanged, {skipped} skipped."
    before = list(Movie.objects.order_by("pk").values_list())

    assert run(path)[-1] == f"0 created, 0 updated, {created} unchanged, {skipped} skipped."

    assert list(Movie.objects.order_by("pk").values_list()) == before


def test_genres_that_differ_only_in_case_are_one_genre() -> None:
    Genre.objects.create(name="Sci-Fi", slug="science-fiction")

    run(SAMPLE)

    assert Genre.objects.filter(slug="science-fiction").count() == 1
    assert Movie.objects.filter(genres__slug="science-fiction").count() == 2


def test_changes_in_the_file_are_imported_and_fields_that_staff_filled_in_stay(
    tmp_path: Path,
) -> None:
    path = catalogue(tmp_path, json.dumps([film("Echo", extract="Old.", genres=["Drama"])]))
    run(path)
    Movie.objects.update(
        rating="7.5",
        duration_minutes=101,
        poster_url="https://images.example/e.jpg",
        language="Hindi",
    )
    catalogue(tmp_path, json.dumps([film("Echo", extract="New.", cast=["A B"], genres=["War"])]))

    assert run(path)[-1] == "0 created, 1 updated, 0 unchanged, 0 skipped."

    movie = Movie.objects.get()
    assert (movie.description, movie.cast, movie.slug) == ("New.", ["A B"], "echo")
    assert [genre.name for genre in movie.genres.all()] == ["War"]
    assert (str(movie.rating), movie.duration_minutes, movie.language) == ("7.5", 101, "Hindi")
    assert movie.poster_url == "https://images.example/e.jpg"


def test_fields_that_staff_changed_stay_and_are_listed(tmp_path: Path) -> None:
    path = catalogue(
        tmp_path, json.dumps([film("Echo", extract="Old.", cast=["A B"], genres=["War"])])
    )
    run(path)
    Movie.objects.update(description="By staff.")
    Movie.objects.get().genres.add(Genre.objects.create(name="Drama", slug="drama"))
    changed = film("Echo", extract="New.", cast=["C D"], genres=["War"])
    catalogue(tmp_path, json.dumps([changed]))

    lines = run(path)

    assert lines == [
        "Kept Echo (2021): description and genres as staff have changed it",
        "0 created, 1 updated, 0 unchanged, 0 skipped.",
    ]
    movie = Movie.objects.get()
    assert (movie.description, movie.cast) == ("By staff.", ["C D"])
    assert movie.genres.count() == 2
    assert run(path)[-1] == "0 created, 0 updated, 1 unchanged, 0 skipped."

    assert run(path, overwrite=True) == ["0 created, 1 updated, 0 unchanged, 0 skipped."]
    movie.refresh_from_db()
    assert (movie.description, movie.genres.count()) == ("New.", 1)
    assert run(path) == ["0 created, 0 updated, 1 unchanged, 0 skipped."]


def test_films_of_an_import_before_digests_are_not_written_over_until_asked(tmp_path: Path) -> None:
    path = catalogue(
        tmp_path, json.dumps([film("Echo", extract="Same."), film("Her", extract="Old.")])
    )
    run(path)
    Movie.objects.update(import_digests=None)
    catalogue(tmp_path, json.dumps([film("Echo", extract="Same."), film("Her", extract="New.")]))
    assert run(path)[0] == "Kept Her (2021): description as staff have changed it"
    catalogue(tmp_path, json.dumps([film("Echo", extract="Newer."), film("Her", extract="New.")]))
    assert run(path)[-1] == "0 created, 1 updated, 1 unchanged, 0 skipped."


def test_values_that_the_file_no_longer_has_are_kept(tmp_path: Path) -> None:
    path = catalogue(
        tmp_path, json.dumps([film("Echo", extract="Kept.", cast=["A B"], genres=["War"])])
    )
    run(path)
    catalogue(tmp_path, json.dumps([film("Echo")]))

    assert run(path)[-1] == "0 created, 0 updated, 1 unchanged, 0 skipped."
    assert Movie.objects.get().description == "Kept."


def test_a_dry_run_counts_and_changes_nothing() -> None:
    assert run(SAMPLE, dry_run=True)[-1] == (
        "Would be: 13 created, 0 updated, 0 unchanged, 7 skipped."
    )

    assert not Movie.objects.exists()
    assert not Genre.objects.exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no JSON list begins at line 1, column 1"),
        ("\n  # notes", "no JSON list begins at line 2, column 3"),
        ('{"title": "Echo"}', "it holds an object where a list of films is expected"),
        ("null", "it holds null where a list of films is expected"),
    ],
)
def test_a_file_that_holds_no_list_is_an_error(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(CommandError, match=message):
        run(catalogue(tmp_path, text))


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"nowhere\.json: No such file or directory"):
        run(tmp_path / "nowhere.json")


@pytest.mark.parametrize(
    ("damaged", "place"),
    [
        ('{"title": "B" "year": 2021}', "line 3, column 15: Expecting ',' delimiter"),
        ('{"title": "B, "year": 2021}', "line 3, column 16: Expecting ',' delimiter"),
        ('{"title": "B", "year": }', "line 3, column 24: Expecting value"),
        ('{"title": "B", "year": 2021', "line 4, column 1"),
        ("{'title': 'B'}", "line 3, column 2: Expecting property name enclosed in double quotes"),
        ('{"title": "B", "year": ' + "9" * 5000 + "}", "line 3, column 1: a value too large"),
        ('{"title": "B", "cast": ' + "[" * 100_000 + "}", "line 3, column 1: a value too large"),
    ],
)
def test_a_damaged_record_is_reported_with_its_place_and_the_others_are_imported(
    tmp_path: Path, damaged: str, place: str
) -> None:
    before, after = json.dumps(film("A")), json.dumps(film("C"))

    lines = run(catalogue(tmp_path, f"[\n{before},\n{damaged},\n{after}\n]"))

    assert lines[0].startswith(f"Skipped [1]: {place}")
    assert lines[-1].startswith("2 created")
    assert set(Movie.objects.values_list("title", flat=True)) == {"A", "C"}


def test_records_before_the_end_of_a_truncated_file_are_imported(tmp_path: Path) -> None:
    whole = json.dumps([film("A"), film("B"), film("C")])

    lines = run(catalogue(tmp_path, whole[:-20]))

    assert lines[0].startswith("Skipped [2]: line 1, column ")
    assert lines[-1] == "2 created, 0 updated, 0 unchanged, 1 skipped."


def test_a_missing_comma_or_bracket_is_noted_and_all_records_are_imported(tmp_path: Path) -> None:
    lines = run(catalogue(tmp_path, f"[{json.dumps(film('A'))}\n{json.dumps(film('B'))}"))

    assert lines == [
        "Note [1]: line 2, column 1: a comma is missing before it",
        f"Note [2]: line 2, column {len(json.dumps(film('B'))) + 1}: "
        "the text ends before the list does",
        "2 created, 0 updated, 0 unchanged, 0 skipped.",
    ]


def test_only_the_record_with_invalid_utf8_is_skipped(tmp_path: Path) -> None:
    text = json.dumps([film("A"), film("Ren?"), film("C")]).encode().replace(b"Ren?", b"Ren\xe9")

    assert skips(catalogue(tmp_path, text)) == {1: "its title is not valid Unicode text"}


def test_a_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    path = catalogue(tmp_path, b"\xef\xbb\xbf" + json.dumps([film("A")]).encode())

    assert run(path)[-1].startswith("1 created")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"title": 7}, "its title is not a text"),
        ({"title": "T" * 201}, "its title is longer than 200 characters"),
        ({"title": "\ud800"}, "its title is not valid Unicode text"),
        ({"title": "\N{ZERO WIDTH SPACE} \t"}, "it has no title"),
        ({"year": "soon"}, "its year is not a whole number"),
        ({"year": True}, "its year is not a whole number"),
        ({"year": 2021.5}, "its year is not a whole number"),
        ({"year": 12}, "its year 12 is not between 1874 and 2100"),
        ({"href": "h" * 400}, "its title and href are too long together"),
        ({"href": ["h"]}, "its href is not a text"),
        ({"extract": "a\u0007bell"}, "its extract has the control character U+0007"),
        ({"extract": "long " * 5000}, "its extract is longer than 20,000 characters"),
        ({"cast": [None]}, "its cast is not a list of texts"),
        ({"cast": ["n" * 121]}, "its cast has a text longer than 120 characters"),
        ({"genres": {"a": 1}}, "its genres is not a list of texts"),
        ({"genres": ["g" * 61]}, "its genres has a text longer than 60 characters"),
    ],
)
def test_an_unusable_record_is_skipped_with_its_reason(
    tmp_path: Path, fields: dict[str, object], reason: str
) -> None:
    path = catalogue(tmp_path, json.dumps([film("A"), film("B", **fields), film("C")]))

    assert skips(path) == {1: reason}


def test_a_record_with_only_a_title_is_enough(tmp_path: Path) -> None:
    run(catalogue(tmp_path, '[{"title": "Alone"}]'))

    movie = Movie.objects.get()
    assert (movie.release_year, movie.cast, movie.description) == (None, [], "")


def test_the_queries_of_a_batch_do_not_grow_with_its_films(tmp_path: Path) -> None:
    def queries(count: int) -> int:
        records = [
            Record(index, f"F{index}", 2021, f"{count}-{index}", "", (), ("Drama",))
            for index in range(count)
        ]
        with CaptureQueriesContext(connection) as captured:
            import_films(records)
        return len(captured)

    assert queries(100) == queries(2)
