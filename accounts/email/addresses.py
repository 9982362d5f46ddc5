"""Checks that the mail library can write a mail to an email address."""

from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email


def validate_mailable(address: str) -> None:
    """Check the address's form, then build a mail to it. Raises ValidationError."""
    validate_email(address)
    try:
        EmailMessage(from_email="x@example.com", to=[address]).message()
    except ValueError as error:  # or its subclass UnicodeError: IDNA refuses the domain
        raise ValidationError("No mail can be sent to this address.", code="invalid") from error
