"""Accounts have only email addresses that the mail library can write a mail to."""

from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email


def validate_mailable(address: str) -> None:
    """Django's check of the form, then its own attempt to write a mail. Raises ValidationError."""
    validate_email(address)
    try:
        EmailMessage(from_email="x@example.com", to=[address]).message()
    except ValueError as error:  # UnicodeError too: IDNA refuses the domain
        raise ValidationError("No mail can be sent to this address.", code="invalid") from error
