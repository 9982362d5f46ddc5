"""Paying online: to the provider's page, back from it, and what has become of the payment."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from bookings.errors import ShowBusy
from bookings.own_bookings import for_owner, own_booking, shown_start
from bookings.payments.errors import AlreadyPaid
from bookings.payments.models import Payment
from bookings.payments.providers.base import ProviderError
from bookings.payments.settlement.observe import observe
from bookings.payments.states import PaymentState
from bookmyshow.core.errors import DomainError
from bookmyshow.core.htmx import redirect_whole_page
from bookmyshow.core.rate_limits import (
    CHECKOUTS_OF_PERSON,
    RETURNS_OF_PAYMENT,
    RateLimited,
    count_attempt,
)
from bookmyshow.core.time import database_now

from .begin import begin_checkout
from .pages import address_after_paying, came_back_at, standing

SEE_OTHER = 303
#: In the return address of a buyer who gives up.
CLOSED = "closed"


@require_POST
@for_owner
def pay(request: HttpRequest, reference: str) -> HttpResponse:
    """Open a payment, or find the open one, and go to the provider's page.

    The booking's page shows errors. It also has the button for a provider that wants a form and not
    a link.
    """
    return pay_as(own_booking(request, reference).user, request, reference)


def pay_as(user: User, request: HttpRequest, reference: str) -> HttpResponse:
    """Pay for a booking of `user`, who is one of the browser's people."""
    page = reverse("bookings:booking", args=[reference])
    try:
        count_attempt(CHECKOUTS_OF_PERSON, user.pk)
        checkout = begin_checkout(user=user, reference=reference, starts_at=shown_start(request))
    except AlreadyPaid:
        return redirect_whole_page(request, page)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect_whole_page(request, page)
    return redirect_whole_page(request, page if checkout.form else checkout.url, status=SEE_OTHER)


@require_safe
@never_cache
def come_back(request: HttpRequest, reference: str, uuid: UUID) -> HttpResponse:
    """Where the provider sends the buyer: ask it once what happened, then to the booking's page.

    It needs no log-in, so that a payment counts in time even if the buyer was logged out meanwhile.
    Only the buyer and the provider know the address, and it does nothing but ask the provider.
    """
    payment = get_object_or_404(Payment, uuid=uuid)
    try:
        count_attempt(RETURNS_OF_PAYMENT, payment.pk)
        payment = observe(payment.pk)
    except (RateLimited, ProviderError, ShowBusy):
        # The page that follows asks again.
        payment.refresh_from_db()
    reference = payment.order.booking_reference
    is_open = payment.state == PaymentState.OPEN
    if is_open and CLOSED in request.GET:
        messages.info(request, "You came back without paying. Nothing was taken.")
        return redirect(address_after_paying(reference, None))
    is_known = not is_open and payment.state != PaymentState.AUTHORISED
    return redirect(address_after_paying(reference, None if is_known else database_now()))


@require_safe
@never_cache
@for_owner
def stage(request: HttpRequest, reference: str) -> HttpResponse:
    """Whether the payment still stands as the page in `seen` shows it, and the seconds to pay.

    htmx loads the booking's page again when it does not.
    """
    booking, back_at = own_booking(request, reference), came_back_at(request)
    stands = standing(booking, booking.now, back_at=back_at)
    is_same = stands.stage == request.GET.get("seen")
    status = "PENDING" if is_same else "CHANGED"
    answer = JsonResponse({"status": status, "seconds": stands.seconds})
    if not is_same:
        keep = back_at if stands.is_unknown else None
        answer["HX-Redirect"] = address_after_paying(reference, keep)
    return answer
