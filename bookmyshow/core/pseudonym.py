"""Keyed hashes in place of emails and addresses. They can be compared, but not read."""

from django.utils.crypto import salted_hmac


def pseudonym(text: str) -> str:
    """The hash of a text, 32 hexadecimal digits. Nobody can find the text without SECRET_KEY."""
    return salted_hmac("bookmyshow.pseudonym", text, algorithm="sha256").hexdigest()[:32]
