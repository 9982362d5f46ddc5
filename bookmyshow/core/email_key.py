"""Normal forms of email addresses, so that all spellings lead to the same account."""

import unicodedata

from .pseudonym import pseudonym


def as_stored(text: str) -> str:
    """The form that is stored: NFKC, without spaces around it. Full-width letters become ASCII."""
    return unicodedata.normalize("NFKC", text).strip()


def email_key(text: str) -> str:
    """The key of an account: the stored form in lower case."""
    return as_stored(text).lower()


def account_hash(email: str) -> str:
    """A keyed hash of an account's email, for logs and cookies. The same for all spellings."""
    return pseudonym(email_key(email))[:16]
