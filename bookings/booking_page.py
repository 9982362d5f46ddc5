"""The page of a booking: the review of a hold, a payment that is under way, the ticket, the end."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from bookmyshow.core.htmx import redirect_whole_page
from shows.models import Seat

from .guests.forms import GuestDetailsForm
from .guests.typed import typed_form
from .models import Booking
from .payments.checkout.pages import (
    Bill,
    Stage,
    Standing,
    Ways,
    came_back_at,
    let_the_provider_in,
    paid_words,
    standing,
    watch_address,
)
from .payments.orders.payment_status import Status, payment_status
from .payments.orders.prices import online_total, quote, seats_total
from .payments.refunds.cancellation_policy import CancellationPolicy
from .payments.refunds.given_back import cancel_choice, refunds_of_booking
from .payments.states import OrderState
from .tickets.services import qr_svg, share_address
from .waiting_list.services import was_last_offer
from .wallet.offers import wallets_for

PENDING, CONFIRMED = Booking.Status.PENDING, Booking.Status.CONFIRMED
Page = tuple[str, dict[str, Any]]
REVIEW = "bookings/review.html"

# The headline and the explanation of an ended booking, by its EndedReason.
ENDED_WORDS = {
    "lapsed": ("Your time ran out", "The hold ended before it was confirmed or paid."),
    "released": ("You let these seats go", "The hold is over."),
    "swapped": ("You chose other seats", "Your newer choice took the place of this one."),
    "customer": ("You cancelled this booking", "Its ticket doesn’t work any more."),
    "cinema": (
        "The cinema cancelled this booking",
        "Its ticket doesn’t work any more. We are sorry.",
    ),
}
# Of an offer from the waiting list.
OFFER_ENDED_WORDS = {
    "lapsed": ("Your offer ran out", "The seats are not held for you any more."),
    "released": ("You said no to these seats", "The next in line is asked."),
}
JOIN_AGAIN = "While the show is sold out, you can join the waiting list again, at its end."
LAST_OFFER = (
    "It was your third offer for this show, and the last one. If seats come back, you can still "
    "find them on the map."
)
HELD_AT_A_CANCELLED_SHOW = ("The cinema cancelled this show", "The hold is over. We are sorry.")
PAID_TOO_LATE = (
    "Your payment came too late",
    "Your time had run out, so the seats are not yours.",
)
YOURS_AFTER_ALL = ("These seats are yours", "They are on another ticket of yours.")


def booking_page(
    request: HttpRequest, found: Booking, *, details: GuestDetailsForm | None = None
) -> HttpResponse:
    """The page of a booking that was read with `with_clock`, with its show and its person.

    `details`: what a guest posted with htmx, if it has to be changed. Then the answer is only the
    form, with the status 422.
    """
    state, back_at = found.status_at(found.now), came_back_at(request)
    stands = standing(found, found.now, back_at=back_at)
    page = {PENDING: _hold, CONFIRMED: _ticket}.get(state, _ended)
    template, context = page(request, found, stands)
    if details and template != REVIEW:
        # The hold is being paid meanwhile.
        return redirect_whole_page(request, found.get_absolute_url())
    if details:
        context["details"] = details
    part = "#guest" if details else ""
    status = 422 if details else 200
    context = _of_every_page(found, state, stands, back_at) | context
    response = render(request, f"{template}{part}", context, status=status)
    response["X-Robots-Tag"] = "noindex"
    if context.get("can_pay"):
        let_the_provider_in(response)
    return response


def _of_every_page(
    found: Booking, state: str, stands: Standing, back_at: datetime | None
) -> dict[str, Any]:
    return {
        "booking": found,
        "show": found.show,
        "state": state,
        "standing": stands,
        "ways": Ways.offered(),
        "watch_address": watch_address(found.reference, stands.stage, back_at),
        "is_guest": found.user.is_guest,
    }


def _hold(request: HttpRequest, found: Booking, stands: Standing) -> Page:
    """The review of a hold, or the payment that is under way."""
    if stands.stage == Stage.PAYING and stands.payment:
        order = stands.payment.order
        bill = Bill(list(order.lines.all()), order.currency)
        context = {"bill": bill, "can_pay": True, **_clock(stands.seconds)}
        return "bookings/payments/paying.html", context
    if stands.is_unknown:
        return "bookings/payments/checking.html", {}
    ways = Ways.offered()
    # The hold lives on for some seconds after its payment ended, and can't be paid online again.
    is_over = stands.payment is not None and stands.payment.order.state == OrderState.EXPIRED
    online = ways.online and not (is_over and ways.at_cinema)
    offer = quote(found, online=online)
    policy = CancellationPolicy.of(offer.policy)
    context = {
        "bill": Bill(list(offer.lines), offer.currency),
        "can_pay": bool(online and offer.total),
        "terms": policy.describe(
            starts_at=found.show.local_start, at=found.now, fee=bool(offer.fee)
        ),
        "moved_from": found.moved_from(),
        "offered_until": found.expires_at.astimezone(found.show.screen.cinema.tz),
        "hold_clock": reverse("bookings:clock", args=[found.reference]),
        **_clock(found.seconds_remaining(found.now)),
    }
    if found.user.is_guest and settings.GUEST_CHECKOUT:
        context["details"] = typed_form(request, found) or GuestDetailsForm.of(found.user)
    return REVIEW, context


def _clock(seconds: int) -> dict[str, Any]:
    """The ring of a countdown is full at the length of a hold, or at `seconds` if they are more."""
    most = max(seconds, settings.BOOKING_EXPIRY_MINUTES * 60)
    return {"seconds": seconds, "most_seconds": most, "clock_face": clock_face(seconds)}


def _ticket(request: HttpRequest, found: Booking, stands: Standing) -> Page:
    money = payment_status(found)
    has_begun = found.show.has_started(found.now)
    total = online_total(found) if money.status != Status.UNPAID else money.amount_due
    context = {
        "qr": qr_svg(found),
        "again_form": uuid4(),
        "share_address": share_address(request, found),
        "wallets": wallets_for(found, at=found.now),
        "is_past": found.show.ends_at <= found.now,
        "can_cancel": not has_begun,
        "choice": None if has_begun else cancel_choice(found, at=found.now),
        "given_back": refunds_of_booking(found.pk),
        "money": money,
        "paid": paid_words(money),
        "was_late": bool(money.order and money.order.created_at < found.created_at),
        "can_pay": bool(
            money.amount_due and Ways.offered().online and not has_begun and not stands.is_unknown
        ),
        "online_total": total,
        "online_fee": total - seats_total(found),
    }
    return "bookings/tickets/ticket.html", context


def _ended(request: HttpRequest, found: Booking, stands: Standing) -> Page:
    """How the booking ended, what becomes of the money, and what the person can do now.

    `instead` is the person's live hold at the same show, `ticket` a ticket for the same seats: that
    of a payment that came late, while the seats were still free.
    """
    show, now = found.show, found.now
    open_for_booking = not show.is_cancelled and not show.has_started(now)
    free_again = _free_again(found) if open_for_booking else []
    others = Booking.objects.filter(user_id=found.user_id, show=show).exclude(pk=found.pk)
    ticket = others.filter(status=CONFIRMED, seats=found.seats).first()
    title, explanation = YOURS_AFTER_ALL if ticket else _how_it_ended(found, stands)
    context = {
        "title": title,
        "explanation": explanation,
        "open": open_for_booking,
        "free_again": free_again,
        "again_query": urlencode({"seats": ",".join(free_again)}),
        "instead": others.filter(status=PENDING, expires_at__gt=now).first(),
        "ticket": ticket,
        "form_token": f"again-{found.reference}",
        "given_back": refunds_of_booking(found.pk),
    }
    return "bookings/ended.html", context


def _free_again(found: Booking) -> list[str]:
    seats = Seat.objects.free(at=found.now).filter(show=found.show, label__in=found.seats)
    free = set(seats.values_list("label", flat=True))
    return [label for label in found.seats if label in free]


def _how_it_ended(found: Booking, stands: Standing) -> tuple[str, str]:
    """A headline and an explanation. A hold never had a ticket, so a hold that ended because the
    show was cancelled has its own words."""
    reason = found.reason_at(found.now)
    if reason == Booking.EndedReason.LAPSED and stands.stage == Stage.MONEY_BACK:
        return PAID_TOO_LATE
    words = ENDED_WORDS | OFFER_ENDED_WORDS if found.is_offer else ENDED_WORDS
    title, explanation = words[reason]
    if reason == Booking.EndedReason.CINEMA and found.status == Booking.Status.FAILED:
        title, explanation = HELD_AT_A_CANCELLED_SHOW
    elif found.is_offer and reason in OFFER_ENDED_WORDS:
        again = LAST_OFFER if was_last_offer(found) else JOIN_AGAIN
        explanation = f"{explanation} {again}"
    is_free = found.status != Booking.Status.CANCELLED and stands.is_over_without_money
    return title, f"{explanation} Nothing was charged." if is_free else explanation


def clock_face(seconds: int) -> str:
    """Minutes and seconds: 117 seconds are "1:57"."""
    minutes, rest = divmod(seconds, 60)
    return f"{minutes}:{rest:02d}"
