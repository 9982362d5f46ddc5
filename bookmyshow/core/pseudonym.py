"""A keyed hash that stands for a person or an address: it can be compared, but not read."""

from django.utils.crypto import salted_hmac


def pseudonym(text: str) -> str:
    """32 characters, the same for the same text; without SECRET_KEY nobody can find the text."""
    return salted_hmac("bookmyshow.pseudonym", text, algorithm="sha256").hexdigest()[:32]
