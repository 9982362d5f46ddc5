"""What providers call, and what they make browsers post. The signature gives access."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from bookings.payments.models import Payment
from bookings.payments.providers import provider, takes_events
from bookings.payments.providers.base import ForgedEvent
from bookings.payments.settlement.opening import return_path
from bookmyshow.core.observability.security_log import log_event

from .receiving import receive

#: Events of both providers have a few KB; a dispute with its evidence has some more.
MOST_BYTES = 256 * 1024


class SeeOther(HttpResponseRedirect):
    """The browser goes on with a GET, and leaves the form behind."""

    status_code = 303


@csrf_exempt  # Providers have no cookie of ours; the signature says who they are.
@require_POST
def events(request: HttpRequest, provider_code: str) -> HttpResponse:
    """Receive an event. Answers 200, 400 (forged), 404, 413 (too long), 503 (no database)."""
    if not takes_events(provider_code):
        raise Http404
    if int(request.headers.get("Content-Length") or 0) > MOST_BYTES:
        return HttpResponse(status=413)
    try:
        receive(provider_code, request.headers, request.body)
    except ForgedEvent as error:
        log_event(
            "payment event",
            request=request,
            outcome="refused",
            provider=provider_code,
            why=str(error),
        )
        return HttpResponse(status=400)
    return HttpResponse(status=200)


@csrf_exempt  # The browser posts it from Razorpay's page.
@require_POST
def razorpay_return(request: HttpRequest) -> HttpResponse:
    """Lead a browser from Razorpay's page to the payment's page, which asks Razorpay itself.

    The form is checked only to notice somebody who plays with it; nothing in it is believed. After
    a failed try it has no signature.
    """
    payment = get_object_or_404(
        Payment.objects.select_related("order"), uuid=_uuid(request.GET.get("payment", ""))
    )
    if payment.provider not in {"razorpay", "sandbox-razorpay"}:
        raise Http404
    fields = {name: str(value) for name, value in request.POST.items()}
    if "razorpay_payment_id" in fields and not _is_genuine(payment, fields):
        log_event("payment return", request=request, outcome="refused", provider=payment.provider)
        return HttpResponse(status=400)
    return SeeOther(return_path(payment, payment.order))


def _is_genuine(payment: Payment, fields: dict[str, str]) -> bool:
    from bookings.payments.providers.razorpay import RazorpayProvider

    razorpay = provider(payment.provider)
    assert isinstance(razorpay, RazorpayProvider)
    try:
        return razorpay.read_return(fields) == payment.reference
    except ForgedEvent:
        return False


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
