from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from . import control, pages
from .razorpay import api as razorpay
from .stripe import api as stripe

View = Callable[..., HttpResponse]


def by_method(**views: View) -> View:
    """A view for each method: ``by_method(GET=…, POST=…)``."""

    @csrf_exempt
    def view(request: HttpRequest, **ids: str) -> HttpResponse:
        chosen = views.get(request.method or "")
        return chosen(request, **ids) if chosen else HttpResponseNotAllowed(views)

    return view


def unknown(_request: HttpRequest, **_values: object) -> HttpResponse:
    message = "Unrecognized request URL: this sandbox knows what the shop uses, and nothing else."
    return JsonResponse(
        {"error": {"type": "invalid_request_error", "message": message}}, status=404
    )


STRIPE = [
    ("checkout/sessions", by_method(GET=stripe.sessions, POST=stripe.create_session)),
    ("checkout/sessions/<identity>", by_method(GET=stripe.session)),
    ("checkout/sessions/<identity>/expire", by_method(POST=stripe.expire_session)),
    ("payment_intents", by_method(GET=stripe.intents)),
    ("payment_intents/<identity>", by_method(GET=stripe.intent)),
    ("payment_intents/<identity>/capture", by_method(POST=stripe.capture_intent)),
    ("payment_intents/<identity>/cancel", by_method(POST=stripe.cancel_intent)),
    ("charges", by_method(GET=stripe.charges)),
    ("charges/<identity>", by_method(GET=stripe.charge)),
    ("events", by_method(GET=stripe.events)),
    ("events/<identity>", by_method(GET=stripe.event)),
    ("webhook_endpoints", by_method(GET=stripe.webhook_endpoints)),
    ("account", by_method(GET=stripe.account)),
    ("balance", by_method(GET=stripe.balance)),
]
RAZORPAY = [
    ("orders", by_method(GET=razorpay.orders, POST=razorpay.create_order)),
    ("orders/<identity>", by_method(GET=razorpay.order)),
    ("orders/<identity>/payments", by_method(GET=razorpay.payments_of_order)),
    ("payments", by_method(GET=razorpay.payments)),
    ("payments/<identity>", by_method(GET=razorpay.payment)),
    ("payments/<identity>/capture", by_method(POST=razorpay.capture)),
    ("payments/<identity>/refund", by_method(POST=razorpay.refund_payment)),
    ("payments/<identity>/refunds", by_method(GET=razorpay.refunds_of_payment)),
    ("payments/<identity>/refunds/<refund>", by_method(GET=razorpay.refund_of_payment)),
    ("checkout/embedded", by_method(POST=pages.embedded_checkout)),
]


def by_protocol(for_stripe: View, for_razorpay: View) -> View:
    """Both providers have this path. Razorpay's clients use basic authentication with a key id."""

    @csrf_exempt
    def view(request: HttpRequest, **ids: str) -> HttpResponse:
        is_razorpay = razorpay.is_for_razorpay(request)
        return (for_razorpay if is_razorpay else for_stripe)(request, **ids)

    return view


BOTH = [
    (
        "refunds",
        by_protocol(
            by_method(GET=stripe.refunds, POST=stripe.create_refund),
            by_method(GET=razorpay.refunds),
        ),
    ),
    (
        "refunds/<identity>",
        by_protocol(by_method(GET=stripe.refund), by_method(GET=razorpay.refund)),
    ),
    ("disputes", by_protocol(by_method(GET=stripe.disputes), by_method(GET=razorpay.disputes))),
    (
        "disputes/<identity>",
        by_protocol(by_method(GET=stripe.dispute), by_method(GET=razorpay.dispute)),
    ),
]
CONTROL = [
    ("ready", by_method(GET=control.ready)),
    ("faults", by_method(POST=control.fault, DELETE=control.calm)),
    ("reset", by_method(POST=control.reset)),
    ("configuration", by_method(POST=control.configure)),
    ("facts", by_method(GET=control.facts)),
    ("facts/<identity>", by_method(GET=control.facts_of_one)),
    ("purchases/<identity>/pay", by_method(POST=control.pay)),
    ("purchases/<identity>/expire", by_method(POST=control.expire)),
    ("payments/<identity>", by_method(POST=control.payment)),
    ("refunds/<identity>", by_method(POST=control.refund)),
    ("disputes/<identity>", by_method(POST=control.dispute)),
    ("events", by_method(GET=control.events)),
    ("events/<identity>/send", by_method(POST=control.send_again)),
    ("time", by_method(POST=control.let_time_pass)),
]
urlpatterns = [
    path("", pages.home),
    path("page.css", pages.styles),
    path("pay/<identity>", pages.pay),
    path("pay/<identity>/return", pages.razorpay_return),
    *(path(f"v1/{address}", view) for address, view in [*STRIPE, *RAZORPAY, *BOTH]),
    *(path(f"_sandbox/{address}", view) for address, view in CONTROL),
    path("v1/<path:rest>", unknown),
]
