"""The hosted page where a customer pays, as both providers have one. It asks for no card data."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import escape
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from . import faults, money
from .currencies import in_words
from .models import RAZORPAY, STRIPE, Key, Payment, Purchase
from .outbox import hmac_sha256
from .writing import writing

STYLES = Path(__file__).parent / "page.css"
LATEST_SECONDS = 600
#: What the page offers to go wrong: the words of the address, and what happens.
OFFERED_FAULTS = [
    ("wrong_amount", "another amount is paid"),
    ("refuse@capture", "taking the money is refused"),
    ("drop@capture", "the answer to taking the money gets lost"),
    ("error@capture", "taking the money answers 500"),
    ("slow@capture:8", "taking the money takes 8 seconds"),
    ("refuse@refund", "a refund is refused: the balance is too low"),
    ("refund_fails:30", "a refund fails after 30 seconds"),
    ("never", "the shop is told nothing"),
    ("late:60", "the shop is told a minute later"),
    ("twice", "the shop is told twice"),
    ("forged", "the message to the shop is forged"),
]


@dataclass(frozen=True)
class Line:
    text: str
    quantity: int
    price: str


def to_page(purchase: Purchase, query: str = "") -> HttpResponse:
    return redirect(f"/pay/{purchase.id}{query}")


def redirect(address: str) -> HttpResponse:
    """303, so that the browser asks with GET. Any scheme of the shop's address is allowed."""
    response = HttpResponse(status=303)
    response.headers["Location"] = address
    return response


def lines_of(purchase: Purchase) -> list[Line]:
    return [
        Line(
            line["text"],
            line["quantity"],
            in_words(line["unit"] * line["quantity"], purchase.currency),
        )
        for line in purchase.lines
    ]


def way_back(purchase: Purchase) -> str:
    """Where the customer goes without paying: only to a web address."""
    address = purchase.cancel_url or purchase.success_url
    return address if urlsplit(address).scheme in {"http", "https"} else ""


def success_address(purchase: Purchase) -> str:
    """Where the customer goes after paying."""
    if purchase.dialect == STRIPE:
        return purchase.success_url.replace("{CHECKOUT_SESSION_ID}", purchase.id)
    return f"/pay/{purchase.id}/return"


def arm(wanted: list[str], purchase: Purchase) -> None:
    """Let go wrong what the page's address names: ``kind``, ``kind@operation``, ``kind:number``."""
    for words in wanted:
        kind, _, number = words.partition(":")
        kind, _, operation = kind.partition("@")
        value: dict[str, Any] = {}
        if number.isdigit():
            value["amount" if kind == "wrong_amount" else "seconds"] = int(number)
        times = -1 if kind in {"never", "late", "twice", "forged", "old"} else 1
        faults.add(kind, operation, only=purchase.id, times=times, **value)


def found(request: HttpRequest, identity: str) -> Purchase | HttpResponse:
    purchase = Purchase.objects.filter(pk=identity).first()
    if purchase is None:
        return render(request, "payment_sandbox/unknown.html", status=404)
    return purchase


def show(request: HttpRequest, purchase: Purchase) -> HttpResponse:
    payment = purchase.payment
    wanted = request.GET.getlist("fault")
    state = state_of(purchase)
    context = {
        "purchase": purchase,
        "shop": urlsplit(way_back(purchase)).netloc,
        "total": in_words(purchase.amount, purchase.currency),
        "lines": lines_of(purchase),
        "state": state,
        "payment": payment,
        "declined": state == "open" and "declined" in request.GET,
        "scheduled": request.GET.get("scheduled", ""),
        "back": way_back(purchase),
        "success": success_address(purchase),
        "is_razorpay": purchase.dialect == RAZORPAY,
        "wanted": wanted,
        "offered": OFFERED_FAULTS,
        "delays": [(10, "in 10 seconds"), (60, "in a minute"), (300, "in 5 minutes")],
    }
    return render(request, "payment_sandbox/pay.html", context)


def state_of(purchase: Purchase) -> str:
    """open, paid or expired: what the page shows."""
    try:
        money.must_be_open(purchase)
    except money.Refused as refused:
        return "expired" if refused.code == "expired" else "paid"
    authorised = Payment.Status.AUTHORISED
    if purchase.payments.filter(status=authorised).exists():
        return "paid"
    return "open"


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: HttpRequest, identity: str) -> HttpResponse:
    """The page, and its buttons. There are no cookies here, so there is nothing to forge."""
    purchase = found(request, identity)
    if isinstance(purchase, HttpResponse):
        return purchase
    if request.method != "POST":
        return show(request, purchase)
    try:
        with writing():
            purchase = Purchase.objects.get(pk=identity)
            arm(request.POST.getlist("fault"), purchase)
            return outcome(request, purchase)
    except money.Refused:
        return to_page(purchase)
    except ValueError as error:
        return HttpResponse(escape(error), status=400)


def outcome(request: HttpRequest, purchase: Purchase) -> HttpResponse:
    """Do what a button says. Raises Refused if the checkout isn't open."""
    wanted = request.POST.get("outcome", "")
    if wanted == "decline":
        money.decline(purchase)
        return to_page(purchase, "?declined")
    if wanted == "later":
        seconds = max(0, min(int(request.POST.get("seconds", "10")), LATEST_SECONDS))
        pay_later(purchase, seconds)
        return to_page(purchase, f"?scheduled={seconds}")
    if wanted not in {"pay", "bank"}:
        raise ValueError("outcome: use pay, bank, decline or later")
    money.pay(purchase, one_step=wanted == "bank")
    return redirect(success_address(purchase))


def pay_later(purchase: Purchase, seconds: float) -> None:
    """Authorise the payment later, whether the page is still open or not.

    With Razorpay the attempt fails first, as a UPI payment does whose answer is late.
    """
    if purchase.dialect == RAZORPAY:
        money.later(seconds, "authorise_late", money.decline(purchase).id)
        return
    money.must_be_open(purchase)
    money.later(seconds, "pay", purchase.id)


@csrf_exempt
@require_POST
def embedded_checkout(request: HttpRequest) -> HttpResponse:
    """The form post that opens Razorpay's hosted checkout."""
    form = request.POST
    purchase = Purchase.objects.filter(pk=form.get("order_id"), dialect=RAZORPAY).first()
    known = Key.objects.filter(dialect=RAZORPAY, name=form.get("key_id", "")).exists()
    if purchase is None or not known:
        return render(request, "payment_sandbox/unknown.html", status=400)
    purchase.success_url = form.get("callback_url", "")[:2000]
    purchase.cancel_url = form.get("cancel_url", "")[:2000]
    purchase.payment_metadata = {
        name[len("notes[") : -1]: value for name, value in form.items() if name.startswith("notes[")
    }
    purchase.email = form.get("prefill[email]", "")[:250]
    text = form.get("description") or form.get("name") or "Your purchase"
    purchase.lines = [{"text": text[:250], "quantity": 1, "unit": purchase.amount}]
    purchase.save()
    return to_page(purchase)


@require_GET
def razorpay_return(request: HttpRequest, identity: str) -> HttpResponse:
    """The way back to the shop: a form with Razorpay's three fields, signed by the key."""
    purchase = found(request, identity)
    if isinstance(purchase, HttpResponse):
        return purchase
    payment = purchase.payment
    key = Key.objects.filter(dialect=RAZORPAY).first()
    if payment is None or key is None or purchase.dialect != RAZORPAY:
        return to_page(purchase)
    signed = hmac_sha256(key.secret, f"{purchase.id}|{payment.id}".encode())
    fields = {
        "razorpay_payment_id": payment.id,
        "razorpay_order_id": purchase.id,
        "razorpay_signature": signed,
    }
    return render(
        request,
        "payment_sandbox/return.html",
        {
            "fields": fields,
            "address": purchase.success_url,
            "shop": urlsplit(way_back(purchase)).netloc,
        },
    )


@require_GET
def styles(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(STYLES.read_bytes(), content_type="text/css")


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """What this is, for a person who opens the address."""
    return render(request, "payment_sandbox/home.html", {"faults": faults.KINDS})
