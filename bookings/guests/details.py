"""Saves a guest's details, and keeps the hold with the person who has these details."""

from django.http import HttpRequest

from accounts.guests.services import give_details
from accounts.guests.session import begin_session_of
from accounts.models import User
from bookings.payments.models import Order
from bookings.payments.states import OrderState

from .moving import move_holds


def take_details(request: HttpRequest, guest: User, *, name: str, email: str, phone: str) -> User:
    """Save a guest's details; returns who buys now.

    That is another guest if this one has bought under another email. Then the hold moves to it, and
    this browser goes on with it. Raises ShowBusy.
    """
    buyer = give_details(guest=guest, name=name, email=email, phone=phone)
    if buyer.pk != guest.pk:
        move_holds(guest=guest, to=buyer)
        begin_session_of(request, buyer)
    # The email may be corrected after Pay was pressed. The receipt goes to the new one, too.
    Order.objects.filter(user=buyer, state=OrderState.OPEN).update(email=buyer.email)
    return buyer
