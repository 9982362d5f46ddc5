"""Browsers of guests, in tests with Django's client."""

from django.test import Client

from accounts.guests.session import GUEST
from accounts.models import User


def be_guest(client: Client, guest: User) -> None:
    """Make `guest` the guest of this client's session, as a hold does."""
    session = client.session
    session[GUEST] = guest.pk
    session.save()
