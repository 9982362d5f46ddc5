from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from bookmyshow.environment import ROOT
from movies.models import Movie

SAMPLE = Path(__file__).parents[1] / "catalogue" / "tests" / "data" / "catalogue.json"
WHOLE = ROOT.parent / "shared" / "data" / "movies-2020s.json"

pytestmark = pytest.mark.django_db


@pytest.fixture
def sample() -> None:
    call_command("import_movies", SAMPLE)


def titles(text: str) -> list[str]:
    return [movie.title for movie in Movie.objects.search(text)]


def add(title: str, description: str = "", cast: tuple[str, ...] = ()) -> Movie:
    return Movie.objects.create(
        title=title, slug=f"f{Movie.objects.count()}", description=description, cast=list(cast)
    )


@pytest.mark.parametrize("title", ["It", "Her", "Us", "X", "65"])
def test_a_film_of_one_short_word_is_found_first(sample: None, title: str) -> None:
    for text in (title, title.lower(), title.upper(), f"  {title} "):
        assert titles(text)[0] == title


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("jonah messenger", "Jonah and the Black Messenger"),
        ("messenger jonah black", "Jonah and the Black Messenger"),
        ("protege", "The Protégé of Montréal"),
        ("the protégé of montréal", "The Protégé of Montréal"),
        ("PROTEGE MONTREAL", "The Protégé of Montréal"),
        ("finding iolani", "Finding ʻIolani"),
        ("finding 'iolani", "Finding ʻIolani"),
        ("lighthouse keepers", "The Lighthouse Keeper's Daughter"),
        ("keeper’s daughter", "The Lighthouse Keeper's Daughter"),
        ("zoe cote", "The Protégé of Montréal"),
        ("darcy o briain", "The Protégé of Montréal"),
        ("jurgen moller", "The Lighthouse Keeper's Daughter"),
    ],
)
def test_spelling_without_accents_and_apostrophes_finds_a_film(
    sample: None, text: str, title: str
) -> None:
    assert titles(text)[0] == title


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ("Amélie", "amelie"),
        ("Amelie", "Amélie"),
        ("Ame\u0301lie", "amélie"),
        ("Smørgåsbord", "smorgasbord"),
        ("Łódź", "lodz"),
        ("Æon Flüx", "aeon flux"),
        ("Die Straße", "die strasse"),
        ("Ocean’s Eight", "oceans eight"),
        ("İstanbul", "istanbul"),
        ("Iñárritu", "inarritu"),
        ("ＲＲＲ", "rrr"),
        ("शोले", "शोले"),
        ("千と千尋の神隠し", "千と千尋の神隠し"),
    ],
)
def test_letters_are_folded_alike_in_titles_and_queries(stored: str, typed: str) -> None:
    add(stored)

    assert titles(typed) == [stored]


@pytest.mark.parametrize("text", ["light", "lightho", "the lighthouse k", "keeper's daugh"])
def test_the_last_word_may_be_unfinished(sample: None, text: str) -> None:
    assert titles(text)[0] == "The Lighthouse Keeper's Daughter"


def test_only_the_last_word_may_be_unfinished(sample: None) -> None:
    assert titles("lightho keeper") == []


def test_every_word_has_to_match(sample: None) -> None:
    assert titles("jonah lighthouse") == []


def test_the_film_whose_whole_title_it_is_comes_first() -> None:
    add("Her Her Her", description="Her her her.", cast=("Her Her",))
    add("Here", cast=("Her Majesty",))
    add("Her")

    assert titles("her")[0] == "Her"


def test_a_title_counts_more_than_the_cast_and_that_more_than_a_description() -> None:
    add("Something Else", description="A story of a falcon.")
    add("Another Thing", cast=("Maria Falcon",))
    add("The Grey Falcon Returns")

    assert titles("falcon") == ["The Grey Falcon Returns", "Another Thing", "Something Else"]


def test_words_of_the_description_are_found_in_any_form(sample: None) -> None:
    assert titles("hides a car")[0] == "Swan Lake Road"
    assert titles("divers") == ["The Lighthouse Keeper's Daughter"]
    assert titles("betraying preachers") == ["Jonah and the Black Messenger"]


@pytest.mark.parametrize(
    "text", ["&", "| !", ":*", "'", "''", "her & | !", "her:*", "!her", "(her", "her)", "<->", "\\"]
)
def test_operators_of_a_query_language_are_plain_text(sample: None, text: str) -> None:
    found = titles(text)

    assert ("Her" in found) == ("her" in text)


@pytest.mark.parametrize("text", ["%", "_", "   ", "’", "…", "\N{ZERO WIDTH SPACE}"])
def test_a_text_without_a_word_is_not_an_error(sample: None, text: str) -> None:
    titles(text)


@pytest.mark.parametrize("text", ["a" * 20_000, "word " * 5_000, "é" * 5_000, "\0"])
def test_a_very_long_or_broken_text_is_not_an_error(sample: None, text: str) -> None:
    titles(text)


@pytest.mark.parametrize("text", ["her\0", "\0her", "her\ud800"])
def test_characters_that_postgresql_refuses_are_removed(sample: None, text: str) -> None:
    assert titles(text)[0] == "Her"


def test_a_blank_search_keeps_all_films(sample: None) -> None:
    assert len(titles("")) == len(titles("  ")) == Movie.objects.count()


def test_a_search_uses_the_index(sample: None) -> None:
    with connection.cursor() as cursor:
        # In a nearly empty table a walk along any other index may be cheaper.
        for way in ("seqscan", "indexscan", "indexonlyscan"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        plan = Movie.objects.search("lighthouse keep").explain()

    assert "movie_search" in plan


WHOLE_SEARCHES = [
    ("judas messiah", "Judas and the Black Messiah"),
    ("tar", "Tár"),
    ("protege", "The Protégé"),
    ("finding ohana", "Finding ʻOhana"),
    ("x", "X"),
    ("65", "65"),
    ("old", "Old"),
    ("nope", "Nope"),
    ("mission impossible dead", "Mission: Impossible – Dead Reckoning Part One"),
    ("spider man no way", "Spider-Man: No Way Home"),
    ("apollo 10 1/2", "Apollo 10 1⁄2: A Space Age Childhood"),
    ("demian bichir grudge", "The Grudge"),
]


def test_the_whole_catalogue_can_be_searched() -> None:
    """Uses the whole catalogue if it lies beside the project, else the sample."""
    if WHOLE.exists():
        call_command("import_movies", WHOLE)
        searches = WHOLE_SEARCHES
    else:
        call_command("import_movies", SAMPLE)
        searches = [("jonah black", "Jonah and the Black Messenger")]

    assert [(text, titles(text)[0]) for text, _ in searches] == searches
