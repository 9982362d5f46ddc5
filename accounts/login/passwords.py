"""Refuses passwords that are little more than the site's name or the person's name or email."""

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError

from accounts.models import User

SITE_WORDS = ("bookmyshow", "book", "show", "cinema", "ticket", "movie", "password")
#: Shorter parts of names and emails are ignored: too many passwords contain them by chance.
SHORTEST_WORD = 3
#: The letters that digits and signs stand for, as in "b00k$h0w".
LETTERS_FOR_SIGNS = str.maketrans("013457@$!", "oieastasi")


class ContextValidator:
    """Refuses a password that is too short after the known words are removed.

    The known words are SITE_WORDS and the words of the site's host, the person's name and email. At
    least `least_left` letters and digits must be left. Also refuses a password with fewer than
    `least_different` different characters.
    """

    def __init__(self, least_left: int = 8, least_different: int = 5) -> None:
        self.least_left, self.least_different = least_left, least_different

    def validate(self, password: str, user: User | None = None) -> None:
        """Raises ValidationError."""
        plain = unicodedata.normalize("NFKC", password).casefold()
        if len(set(plain)) < self.least_different:
            raise ValidationError(
                f"This password repeats itself. Use {self.least_different} different characters"
                " or more.",
                code="password_repeats",
            )
        words = sorted(set(_known_words(user)), key=len, reverse=True)
        for text in (plain, plain.translate(LETTERS_FOR_SIGNS)):
            left = _without(text, words)
            # Without a known word it is only short, and MinimumLengthValidator says so.
            if len(left) < self.least_left and left != _without(text, []):
                raise ValidationError(self._advice, code="password_known_words")

    @property
    def _advice(self) -> str:
        return (
            "This password is easily guessed. Leave out the site’s name, your own name and your"
            f" email, or add {self.least_left} characters or more to them."
        )

    def get_help_text(self) -> str:
        return (
            "Your password can’t be the site’s name, your own name or your email, and little more."
        )


def _known_words(user: User | None) -> Iterator[str]:
    about = [*SITE_WORDS, urlsplit(settings.SITE_URL).hostname or ""]
    if user is not None:
        about += [user.name, user.email]
    for text in about:
        for word in re.split(r"[\W_]+", unicodedata.normalize("NFKC", text).casefold()):
            if len(word) >= SHORTEST_WORD:
                yield word


def _without(text: str, words: list[str]) -> str:
    """The letters and digits of `text` without the words, which are removed in this order."""
    for word in words:
        text = text.replace(word, " ")
    return re.sub(r"[\W_]+", "", text)
