"""One form for all spellings of an email address that reach the same account."""

import unicodedata

from .pseudonym import pseudonym


def as_stored(text: str) -> str:
    """NFKC, as log-in forms apply it: full-width letters, for example, become ASCII."""
    return unicodedata.normalize("NFKC", text).strip()


def email_key(text: str) -> str:
    """The one form of all spellings of an email that reach the same account."""
    return as_stored(text).lower()


def account_hash(email: str) -> str:
    """What logs and cookies call an account: not readable, the same for all spellings."""
    return pseudonym(email_key(email))[:16]
