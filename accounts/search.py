"""Finds people and lines of the audit log by the beginnings of words. Both have an index."""

import re

from django.contrib.admin.models import LogEntry
from django.contrib.postgres.search import SearchQuery, SearchVectorField
from django.db.models import Func, Q, QuerySet, TextField, Value

from bookmyshow.core.search_text import clean_search

from .models import User, Words

#: A search for bookings by person uses at most this many people.
MAX_PEOPLE = 500


class WordsQuery(SearchQuery):
    """A tsquery that matches each word of `text` as a beginning. A phone number is one word."""

    def __init__(self, text: str) -> None:
        super().__init__(Value(text, output_field=TextField()))
        self.function = "accounts_words_query"


class LogWords(Func):
    """The search words of a line of the audit log. The index uses the same function."""

    function = "accounts_log_words"
    output_field = SearchVectorField()


def people_matching(users: QuerySet[User], typed: str) -> QuerySet[User]:
    """People in whose name, email or phone every typed word is the beginning of a word."""
    return users.alias(words=Words("name", "email", "phone")).filter(
        words=WordsQuery(clean_search(typed))
    )


def ids_of_people(typed: str) -> list[int]:
    """The ids of the people found. MAX_PEOPLE + 1 ids mean that there are too many people."""
    found = people_matching(User.objects.order_by(), typed).values_list("pk", flat=True)
    return list(found[: MAX_PEOPLE + 1])


def log_matching(entries: QuerySet[LogEntry], typed: str) -> QuerySet[LogEntry]:
    """Lines whose text matches, and lines about actions of people who match."""
    words = WordsQuery(re.sub(r"[\W_]+", " ", clean_search(typed)))
    lines = entries.alias(words=LogWords("object_repr", "change_message"))
    return lines.filter(Q(words=words) | Q(user__in=ids_of_people(typed)))
