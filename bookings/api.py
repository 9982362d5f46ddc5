"""API of bookings: hold seats, confirm, release or cancel. The rules are in `bookings.services`."""

from typing import Annotated, NamedTuple, cast

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.http import HttpResponse
from ninja import Header, Query, Router
from pydantic import StringConstraints

from accounts.authentication import BearerToken
from accounts.models import User
from accounts.requests import ApiRequest
from bookmyshow.core.api.openapi import problems
from bookmyshow.core.api.paging import PageOf
from bookmyshow.core.api.responses import answer, answer_list
from bookmyshow.core.api.schemas import Answer, List, PathId, Verbatim
from bookmyshow.core.rate_limits import CHECKOUTS_OF_PERSON, HOLDS_OF_PERSON, count_attempt
from shows.models import Seat
from shows.waiting_room.passes import HEADER as PASS_HEADER

from . import services
from .archive.models import ArchivedBooking
from .errors import BookingNotFound, BookingNotPending, InvalidSeats, ShowNotBookable
from .hold_limits import address_key, count_unconfirmed_seats
from .models import Booking
from .payments.checkout.begin import begin_checkout
from .payments.models import Order
from .payments.orders.payment_status import payment_status, payment_statuses, without_order
from .schemas import BookingIn, BookingOut, BookingQuery, CheckoutOut

IdempotencyKey = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,128}$")]
IDEMPOTENCY_KEY = Header(
    None,
    alias="Idempotency-Key",
    description="1 to 128 visible ASCII characters, new for every booking.",
)
ON_SALE_PASS = Header(
    None,
    alias=PASS_HEADER,
    description="The pass of a waiting room, for a show that is on sale through one.",
)

router = Router(tags=["Bookings"], auth=BearerToken())
# Served as /api/auth/bookings, beside the endpoints of the account.
own_router = Router(tags=["Bookings"], auth=BearerToken())


@own_router.get("", response={200: List[BookingOut]})
def list_own_bookings(request: ApiRequest, query: Query[BookingQuery]) -> HttpResponse:
    """One's own bookings, newest first."""
    bookings = Booking.objects.of(request.auth).with_clock()
    if query.status:
        bookings = bookings.reading(query.status, at=Now())
    page = PageOf(bookings, query)
    money = payment_statuses(page.rows)
    rows = [BookingOut.of(booking, money[booking.pk]) for booking in page.rows]
    return answer_list(rows, page.pagination)


@router.post(
    "",
    response={201: Answer[BookingOut]},
    openapi_extra=problems(
        "NOT_FOUND",
        "SEATS_UNAVAILABLE",
        "SHOW_NOT_BOOKABLE",
        "SHOW_BUSY",
        "IDEMPOTENCY_KEY_REUSED",
        "TOO_MANY_SEATS",
        "TOO_MANY_HOLDS",
        "HOLD_PAUSED",
        "ADDRESS_LIMIT",
        "PASS_REQUIRED",
        "SALE_CLOSED",
        "RATE_LIMITED",
    ),
)
def hold_seats(
    request: ApiRequest,
    wanted: BookingIn,
    idempotency_key: IdempotencyKey | None = IDEMPOTENCY_KEY,
    on_sale_pass: str | None = ON_SALE_PASS,
) -> HttpResponse:
    """Hold seats, all or none, until `expiresAt`; confirm the booking before.

    The same seats again, or the same Idempotency-Key with the same body, answer the same booking.
    Other seats at the same show swap the hold and keep its `expiresAt`.
    """
    count_attempt(HOLDS_OF_PERSON, request.auth.pk)
    _check_seat_types(wanted)
    booking = services.hold_seats(
        user=request.auth,
        show_id=wanted.show_id,
        labels=[seat.seat_number for seat in wanted.seats],
        idempotency_key=idempotency_key,
        held_from=address_key(request),
        passes=[on_sale_pass] if on_sale_pass else [],
    )
    return answer(read(Q(pk=booking.pk, show=booking.show_id)), 201)


@router.patch(
    "/{id}/confirm",
    response={200: Answer[BookingOut]},
    openapi_extra=problems(
        "NOT_FOUND",
        "PAYMENT_REQUIRED",
        "BOOKING_EXPIRED",
        "BOOKING_NOT_PENDING",
        "EMAIL_NOT_CONFIRMED",
        "SHOW_BUSY",
    ),
)
def confirm_booking(request: ApiRequest, id: PathId) -> HttpResponse:
    """Make a hold a sale, to be paid at the cinema; confirming it again changes nothing.

    Where nothing can be paid at the cinema, what costs something is a 402. `details.checkout` has
    the address to POST to.
    """
    found = _found(request.auth, id)
    if found is None:
        kept = read(Q(pk=id))
        if kept.status != "CONFIRMED":
            raise BookingNotPending
        return answer(kept)
    count_unconfirmed_seats(request, request.auth, found.reference)
    booking = services.confirm_booking(
        user=request.auth, reference=found.reference, show_id=found.show_id
    )
    return answer(read(Q(pk=booking.pk, show=found.show_id)))


@router.post(
    "/{id}/checkout",
    response={200: Answer[CheckoutOut]},
    openapi_extra=problems(
        "NOT_FOUND",
        "BOOKING_EXPIRED",
        "BOOKING_NOT_PENDING",
        "EMAIL_NOT_CONFIRMED",
        "SHOW_NOT_BOOKABLE",
        "SHOW_BUSY",
        "PAYMENTS_OFF",
        "NOTHING_TO_PAY",
        "ALREADY_PAID",
        "RATE_LIMITED",
        "PROVIDER_UNAVAILABLE",
    ),
)
def check_out(request: ApiRequest, id: PathId) -> HttpResponse:
    """Begin to pay online for a hold, or for a ticket that is still to be paid.

    The first call gives a hold a few minutes more, until `expiresAt`. Asking again answers the same
    payment. Read the booking afterwards: it is CONFIRMED when it is paid.
    """
    count_attempt(CHECKOUTS_OF_PERSON, request.auth.pk)
    found = _found(request.auth, id)
    if found is None:
        raise BookingNotPending("The show is over.")
    checkout = begin_checkout(user=request.auth, reference=found.reference)
    return answer(CheckoutOut.of(checkout, checkout.payment.order.tz))


@router.delete(
    "/{id}",
    response={200: Answer[BookingOut]},
    openapi_extra=problems(
        "NOT_FOUND",
        "BOOKING_NOT_PENDING",
        "SHOW_NOT_BOOKABLE",
        "PAYMENT_DISPUTED",
        "SHOW_BUSY",
    ),
)
def give_back_booking(request: ApiRequest, id: PathId) -> HttpResponse:
    """Let a hold go, or cancel a confirmed booking before the show; one that is over stays.

    What was paid goes back by the cancellation policy of the order, without the booking fee.
    """
    found = _found(request.auth, id)
    if found is None:
        kept = read(Q(pk=id))
        if kept.status == "CONFIRMED":
            raise ShowNotBookable("The show is over; its tickets can't be cancelled any more.")
        return answer(kept)
    booking = services.give_back_booking(
        user=request.auth, reference=found.reference, show_id=found.show_id
    )
    return answer(read(Q(pk=booking.pk, show=found.show_id)))


@router.get("/{id}", response={200: Answer[BookingOut]}, openapi_extra=problems("NOT_FOUND"))
def read_booking(request: ApiRequest, id: PathId) -> HttpResponse:
    """A booking, for its owner and for admins."""
    return answer(read(Q(pk=id), visible_to=request.auth))


@router.get(
    "/reference/{reference}",
    response={200: Answer[BookingOut]},
    openapi_extra=problems("NOT_FOUND"),
)
def read_booking_by_reference(request: ApiRequest, reference: Verbatim) -> HttpResponse:
    """A booking by what its ticket says, for its owner and for admins."""
    return answer(read(Q(reference=reference.upper()), visible_to=request.auth))


def read(which: Q, *, visible_to: User | None = None) -> BookingOut:
    """Read one booking, from the archive too.

    If `visible_to` is given, only this person's bookings are found; an admin finds all. Raises
    BookingNotFound.
    """
    if visible_to is not None and visible_to.role != "admin":
        which &= Q(user=visible_to)
    # Asked in the same statement, because most bookings have no order, and a new hold never has.
    has_order = Exists(Order.objects.filter(booking=OuterRef("pk"), show=OuterRef("show")))
    bookings = Booking.objects.filter(which).with_clock().with_show()
    booking = bookings.annotate(has_order=has_order).first()
    if booking is not None:
        money = payment_status(booking) if booking.has_order else without_order(booking)
        return BookingOut.of(booking, money)
    archived = ArchivedBooking.objects.with_show().filter(which).first()
    if archived is None:
        raise BookingNotFound
    # A copy has the id of the original, and all fields that this reads.
    return BookingOut.of_archived(archived, payment_status(cast(Booking, archived)))


class _Found(NamedTuple):
    """What the services need to find a booking."""

    reference: str
    show_id: int


def _found(user: User, pk: int) -> _Found | None:
    """This person's booking. None if it is archived.

    Raises BookingNotFound, also for another person's booking.
    """
    row = Booking.objects.filter(user=user, pk=pk).values_list("reference", "show_id").first()
    if row is None and not ArchivedBooking.objects.filter(user=user, pk=pk).exists():
        raise BookingNotFound
    return _Found(*row) if row else None


def _check_seat_types(wanted: BookingIn) -> None:
    """Compare the seat types of the request with those of the seats. Raises InvalidSeats.

    No lock is needed, because the type of a seat never changes.
    """
    expected = {seat.seat_number: seat.seat_type for seat in wanted.seats if seat.seat_type}
    seats = Seat.objects.filter(show=wanted.show_id, label__in=expected).in_plan_order()
    others = [seat for seat in seats if seat.seat_type != expected[seat.label]]
    if others:
        named = ", ".join(f"{seat.label} is {seat.seat_type}" for seat in others)
        raise InvalidSeats(f"The type of a seat doesn't fit: {named}.")
