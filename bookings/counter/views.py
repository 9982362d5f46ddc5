"""Pages of the counter: find a booking, take its money, undo a mistake, hand money back."""

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.requests import AuthenticatedRequest
from bookings.errors import BookingError, BookingNotFound
from bookings.models import Booking
from bookings.payments.models import Payment
from bookmyshow.core.currencies import exponent
from bookmyshow.core.security import PERMISSIONS_AT_THE_DOOR
from bookmyshow.core.staff.access import staff_with
from bookmyshow.core.templatetags.formatting import minor
from bookmyshow.core.time import database_now

from . import services as counter
from .bills import Bill, State, read_bills, refunds_to_hand_back
from .errors import RefundNotFound
from .finding import find
from .forms import TakeForm
from .frames import frame
from .places import place_of

LONGEST_TYPED = 200
MOST_REFUNDS = 50
LONGEST_AMOUNT = 12
clerks = staff_with("counter.take_money")


@require_http_methods(["GET", "POST"])
@never_cache
@clerks
def home(request: AuthenticatedRequest) -> HttpResponse:
    """Find a booking. A POST searches, so that names and phones are in no address and no log.

    A search that finds one booking leads to its page.
    """
    place = place_of(request)
    context = frame(place, "take", "Counter") | {"focus": "find"}
    if request.method == "POST":
        typed = request.POST.get("q", "")[:LONGEST_TYPED].replace("\0", "").strip()
        now = database_now()
        found = find(typed, cinema=place.cinema, at=now)
        if len(found.bookings) == 1:
            return redirect("bookings:counter-booking", found.bookings[0].reference)
        bills = read_bills(found.bookings, at=now)
        context |= {"q": typed, "searched": True, "bills": bills, "cut": found.is_cut}
    return _page(request, "find", context)


@require_GET
@never_cache
@clerks
def booking(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    """One booking: what is to pay, and the form to take it."""
    return _till(request, _bill_or_404(reference))


@require_POST
@never_cache
@clerks
def take(request: AuthenticatedRequest, reference: str) -> HttpResponse:
    """Take the money. Afterwards the page of the booking says the change."""
    bill = _bill_or_404(reference)
    form = TakeForm(request.POST, currency=bill.currency)
    if not form.is_valid():
        return _till(request, bill, form=form)
    try:
        counter.take_money(
            by=request.user,
            reference=reference,
            cinema=place_of(request, at_first=bill.cinema).cinema,
            taking=form.taking(),
        )
    except BookingError as error:
        messages.error(request, error.message)
        return redirect("bookings:counter-booking", reference)
    address = reverse("bookings:counter-booking", args=[reference])
    given = form.cleaned_data["given"]
    return redirect(f"{address}?{urlencode({'given': given})}" if given else address)


@require_POST
@never_cache
@clerks
def undo(request: AuthenticatedRequest, payment_id: UUID) -> HttpResponse:
    try:
        payment = counter.undo_payment(by=request.user, payment_id=payment_id)
    except BookingNotFound as error:
        raise Http404(error.message) from error
    except BookingError as error:
        messages.error(request, error.message)
        payment = Payment.objects.select_related("order").get(uuid=payment_id)
    else:
        messages.success(request, "Undone. Hand the money back; the booking is to be paid again.")
    return redirect("bookings:counter-booking", payment.order.booking_reference)


@require_GET
@never_cache
@clerks
def refunds(request: AuthenticatedRequest) -> HttpResponse:
    """Money of this cinema's counter that is to be handed back, the oldest first."""
    place = place_of(request)
    found = list(refunds_to_hand_back(place.cinema)[: MOST_REFUNDS + 1])
    context = frame(place, "refunds", "Hand back")
    context |= {"refunds": found[:MOST_REFUNDS], "more": len(found) > MOST_REFUNDS}
    return _page(request, "refunds", context)


@require_POST
@never_cache
@clerks
def hand_back(request: AuthenticatedRequest, refund_id: UUID) -> HttpResponse:
    try:
        refund = counter.hand_back(by=request.user, refund_id=refund_id)
    except RefundNotFound as error:
        raise Http404(error.message) from error
    except BookingError as error:
        messages.error(request, error.message)
    else:
        amount = minor(refund.amount, refund.payment.currency)
        messages.success(request, f"{refund.handed_back_by} handed back {amount}.")
    return redirect("bookings:counter-refunds")


def _bill_or_404(reference: str) -> Bill:
    booking = (
        Booking.objects.with_show()
        .select_related("user", "admission")
        .filter(reference=reference)
        .first()
    )
    if booking is None:
        raise Http404("There is no such booking.")
    return read_bills([booking], at=database_now())[0]


def _till(
    request: AuthenticatedRequest, bill: Bill, *, form: TakeForm | None = None
) -> HttpResponse:
    """The page of a booking; `form` is one that was sent and has errors."""
    place = place_of(request, at_first=bill.cinema)
    is_due = bill.state == State.DUE and bill.cinema == place.cinema
    context = frame(place, "take", f"{bill.booking.reference}: counter")
    context |= {
        "bill": bill,
        "form": form or TakeForm(currency=bill.currency, initial={"amount": bill.due}),
        "is_elsewhere": bill.state == State.DUE and not is_due,
        "exponent": exponent(bill.currency),
        **_change(request, bill),
        "may_undo": counter.may_undo(by=request.user, bill=bill, at=database_now()),
        "focus": "till" if is_due else "find",
    }
    return _page(request, "booking", context, status=422 if form else 200)


def _change(request: HttpRequest, bill: Bill) -> dict[str, int]:
    """The cash that was just given and the change to hand out, in minor units."""
    typed, payment = request.GET.get("given", ""), bill.payment
    if not (payment and payment.method == Payment.Method.CASH and typed.isdecimal()):
        return {}
    given = int(typed[:LONGEST_AMOUNT])
    return {"given": given, "change": given - payment.captured} if given > payment.captured else {}


def _page(
    request: HttpRequest, name: str, context: dict[str, object], status: int = 200
) -> HttpResponse:
    """A page that may use the camera, to scan tickets."""
    response = render(request, f"bookings/counter/{name}.html", context, status=status)
    response["Permissions-Policy"] = PERMISSIONS_AT_THE_DOOR
    return response
