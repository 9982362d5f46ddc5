"""Full-text search over films: the query side of the generated column `Movie.search`.

The database functions (migration 0001) remove accents and apostrophes and lower the case, in the
stored text and in the query. Titles and cast are indexed word for word: configuration `simple`.
The configuration `english` would ignore "It" and "Her", which are films. It is used for the
descriptions, which are indexed by word stems.
"""

from typing import Any, TypeVar

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import (
    BooleanField,
    ExpressionWrapper,
    F,
    Func,
    Q,
    QuerySet,
    TextField,
    Value,
)

from bookmyshow.core.search_text import clean_search

Films = TypeVar("Films", bound=QuerySet[Any])

# PostgreSQL's order is D, C, B, A: description, unused, cast, title.
WEIGHTS = [0.05, 0.1, 0.3, 1.0]
# Option 1 of ts_rank's normalisation: a match in a short document counts more than in a long one.
BY_LENGTH = 1


class Fold(Func):
    """Text in lower case without accents and apostrophes, as the search column stores it."""

    function = "movies_fold"
    output_field = TextField()


class WordsQuery(SearchQuery):
    """A tsquery that matches all words of `text`, the last as a prefix, or all their English stems.

    Without a word it matches nothing.
    """

    def __init__(self, text: str) -> None:
        super().__init__(Value(text, output_field=TextField()))
        self.function = "movies_search_query"


def ranked_matches(movies: Films, text: str) -> Films:
    """The films that match `text`. Those with exactly this title come first, then by relevance.

    An empty text matches all films, and their order is not changed.
    """
    text = clean_search(text)
    if not text:
        return movies
    query = WordsQuery(text)
    whole_title = ExpressionWrapper(
        Q(folded_title=Fold(Value(text, output_field=TextField()))),
        output_field=BooleanField(),
    )
    return (
        movies.filter(search=query)
        .alias(folded_title=Fold("title"))
        .alias(
            whole_title=whole_title,
            relevance=SearchRank(
                F("search"), query, weights=WEIGHTS, normalization=Value(BY_LENGTH)
            ),
        )
        .order_by("-whole_title", "-relevance", "title", "pk")
    )
