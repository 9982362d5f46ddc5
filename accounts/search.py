"""Finding people, and what they did, by the beginnings of words: from an index, however many."""

import re

from django.contrib.admin.models import LogEntry
from django.contrib.postgres.search import SearchQuery, SearchVectorField
from django.db.models import Func, Q, QuerySet, TextField, Value

from .models import User, Words

LONGEST = 200
#: Of the people a word finds, so many have what they did or bought looked for.
MOST_PEOPLE = 500


class WordsQuery(SearchQuery):
    """A tsquery of the beginning of every word of `text`; a telephone number is one word."""

    def __init__(self, text: str) -> None:
        super().__init__(Value(text, output_field=TextField()))
        self.function = "accounts_words_query"


class LogWords(Func):
    """The words of a line of the audit log, as its index has them."""

    function = "accounts_log_words"
    output_field = SearchVectorField()


def cleaned(typed: str) -> str:
    """What of a typed text can be asked of the database: no NUL, no half characters, not a book."""
    return typed[:LONGEST].encode(errors="ignore").decode().replace("\0", " ").strip()


def people_matching(users: QuerySet[User], typed: str) -> QuerySet[User]:
    """Whose name, email and phone have words that begin with all that was typed."""
    return users.alias(words=Words("name", "email", "phone")).filter(
        words=WordsQuery(cleaned(typed))
    )


def ids_of_people(typed: str) -> list[int]:
    """The ids of the people found, MOST_PEOPLE + 1 of them at most."""
    found = people_matching(User.objects.order_by(), typed).values_list("pk", flat=True)
    return list(found[: MOST_PEOPLE + 1])


def log_matching(entries: QuerySet[LogEntry], typed: str) -> QuerySet[LogEntry]:
    """Lines about what was typed, and those of people whom it finds."""
    words = WordsQuery(re.sub(r"[\W_]+", " ", cleaned(typed)))
    lines = entries.alias(words=LogWords("object_repr", "change_message"))
    return lines.filter(Q(words=words) | Q(user__in=ids_of_people(typed)))
