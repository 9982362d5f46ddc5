"""Saves a guest's details, and keeps the hold with the person who has these details."""

from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest

from accounts.guests.services import give_details
from accounts.guests.session import begin_session_of
from accounts.models import User
from accounts.services import lock_address
from bookings.payments.locks import lock_orders
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
    with transaction.atomic():
        # The email may be corrected after Pay was pressed. The receipt goes to the new one, too.
        is_open = Q(user=buyer, state=OrderState.OPEN)
        shows = Order.objects.filter(is_open).order_by().values_list("show_id", flat=True)
        for show_id in sorted(set(shows)):
            orders = lock_orders(show_id, is_open)
            open_orders = Order.objects.filter(show=show_id, pk__in=[order.pk for order in orders])
            open_orders.update(email=lock_address(buyer.pk) or "")
    return buyer
