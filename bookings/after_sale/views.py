"""Staff pages about one booking: cancel it, or give money back and leave it as it is."""

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts.requests import AuthenticatedRequest
from bookings.errors import BookingError
from bookings.models import Booking
from bookings.payments.ledger import Ledger, read_ledger
from bookings.payments.models import Order, Refund
from bookings.payments.refunds.offers import Offer, cancellation_offer
from bookings.payments.staff.refund_decisions import refund_order
from bookmyshow.core.staff.access import staff_with
from bookmyshow.core.templatetags.formatting import minor
from bookmyshow.core.time import database_now
from shows.errors import ShowBusy

from .forms import CancelForm, RefundForm
from .services import cancel_for_customer


@require_http_methods(["GET", "POST"])
@staff_with("bookings.cancel_for_customer")
def cancel(request: AuthenticatedRequest, booking_id: int) -> HttpResponse:
    booking = get_object_or_404(Booking.objects.with_show().select_related("user"), pk=booking_id)
    offer = _offer(booking)
    form = CancelForm(offer, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            done = cancel_for_customer(
                by=request.user,
                booking_id=booking_id,
                back=form.chosen,
                reason=form.cleaned_data["reason"],
            )
        except (BookingError, ShowBusy) as error:
            messages.error(request, error.message)
        else:
            goes = minor(done.money.total, done.money.currency) if done.money.total else "Nothing"
            messages.success(request, f"Cancelled; a mail tells the customer. {goes} goes back.")
        return redirect("admin:bookings_booking_change", booking_id)
    is_over = booking.show.ends_at <= database_now()
    can = booking.status == Booking.Status.CONFIRMED and not is_over
    context = {"booking": booking, "show": booking.show, "form": form, "offer": offer, "can": can}
    return _page(request, "bookings/after_sale/cancel.html", "Cancel a booking", context)


@require_http_methods(["GET", "POST"])
@staff_with("payments.give_refund")
def refund(request: AuthenticatedRequest, order_id: int) -> HttpResponse:
    order = get_object_or_404(Order.objects.select_related("user"), pk=order_id)
    ledger = read_ledger(order)
    form = RefundForm(ledger, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            refunds = refund_order(
                by=request.user,
                order=order,
                reason=form.cleaned_data["reason"],
                lines=form.parts,
            )
        except (BookingError, ShowBusy) as error:
            messages.error(request, error.message)
            return redirect("staff-refund-order", order_id)
        total = sum(refund.amount for refund in refunds)
        messages.success(request, f"{minor(total, order.currency)} will be given back.")
        return redirect("admin:payments_order_change", order_id)
    context = {"order": order, "ledger": ledger, "form": form, "refunds": _refunds(ledger)}
    return _page(request, "bookings/after_sale/refund.html", "Give money back", context)


def _offer(booking: Booking) -> Offer | None:
    """What was paid for the booking and would come back now. None without a live order."""
    order = Order.objects.live().filter(booking=booking.pk).first()
    if order is None:
        return None
    ledger = read_ledger(order)
    return cancellation_offer(ledger, at=database_now(), starts_at=booking.show.starts_at)


def _refunds(ledger: Ledger) -> list[Refund]:
    refunds = Refund.objects.filter(payment__order=ledger.order).select_related("by")
    return list(refunds.order_by("pk"))


def _page(
    request: HttpRequest, template: str, title: str, context: dict[str, object]
) -> HttpResponse:
    return render(
        request, template, {**admin.site.each_context(request), "title": title, **context}
    )
