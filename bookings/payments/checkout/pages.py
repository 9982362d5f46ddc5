"""What a booking's page shows about money: the bill, the ways to pay, how a payment stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import ceil
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from bookings.models import Booking
from bookings.payments.models import OrderLine, Payment
from bookings.payments.orders.payment_status import PaymentStatus
from bookings.payments.orders.prices import QuoteLine
from bookings.payments.providers import active, provider
from bookings.payments.states import OrderState, PaymentState
from bookmyshow.core.security import PERMISSIONS
from bookmyshow.core.templatetags.formatting import day, minor
from bookmyshow.core.time import local_day

#: How long a page asks by itself whether the provider has answered. Then it says that it is late.
ASK_FOR = timedelta(minutes=2)
#: Money that goes back is in the buyer's account after this time. Then the pages say that it went.
FRESH = timedelta(days=10)
#: In the address to which a buyer comes back from the provider: when that was.
BACK = "back"
#: `Payment.provider` of money that was taken at the cinema.
COUNTER = "counter"
HOW = {"cash": "in cash at the cinema", "card": "by card at the cinema"}
_S = PaymentState


class Stage(StrEnum):
    """How the payment of a booking stands, for the person who pays."""

    #: Nobody is paying: there was no try, the provider did not answer, or the try is over.
    NONE = "none"
    #: The last try was declined. The buyer can try again.
    DECLINED = "declined"
    #: The provider's page is open for the buyer.
    PAYING = "paying"
    #: The buyer is back, or the time is over, and the provider has not told what happened.
    CHECKING = "checking"
    #: The same, for so long that the page does not ask by itself any more.
    LATE = "late"
    #: A person must look at the payment.
    REVIEW = "review"
    #: The money is ours, or is being taken.
    PAID = "paid"
    #: The money is not wanted (too late, twice, the show cancelled): all of it goes back.
    MONEY_BACK = "money-back"


UNKNOWN = frozenset({Stage.CHECKING, Stage.LATE, Stage.REVIEW})


@dataclass(frozen=True)
class Standing:
    """The newest online payment of a booking, and its stage."""

    stage: Stage
    payment: Payment | None = None
    #: Whole seconds left to pay.
    seconds: int = 0
    #: Whether the payment has changed in the last days.
    is_fresh: bool = False

    @property
    def is_unknown(self) -> bool:
        return self.stage in UNKNOWN

    @property
    def is_over_without_money(self) -> bool:
        return self.stage in {Stage.NONE, Stage.DECLINED}

    @property
    def asks_by_itself(self) -> bool:
        """Whether the page looks for news by itself."""
        return self.stage in {Stage.PAYING, Stage.CHECKING}

    @property
    def can_still_pay(self) -> bool:
        """Whether the provider's page may still be open for the buyer."""
        return bool(self.seconds and self.payment and self.payment.state == _S.OPEN)

    @property
    def provider_name(self) -> str:
        """Who knows whether the buyer has paid: "Stripe", or "the test page"."""
        return _name(self.payment.provider) if self.payment else ""

    @property
    def place(self) -> str:
        """Where the buyer pays: "Stripe’s page", or "the test page"."""
        return _place(self.payment.provider) if self.payment else ""

    @property
    def amount(self) -> str:
        """₹720"""
        return minor(self.payment.amount, self.payment.currency) if self.payment else ""


def _name(code: str) -> str:
    """The sandbox speaks the protocol of a provider, but it is not that provider."""
    return "the test page" if code.startswith("sandbox") else provider(code).name


def _place(code: str) -> str:
    return "the test page" if code.startswith("sandbox") else f"{provider(code).name}’s page"


def standing(booking: Booking, now: datetime, *, back_at: datetime | None = None) -> Standing:
    """How the payment of `booking` stands at `now` (one statement).

    `booking` is read with its show. `back_at` is when the buyer came back from the provider's page.
    """
    online = Payment.objects.exclude(provider=COUNTER).filter(order__booking=booking.pk)
    payment = online.select_related("order").order_by("-pk").first()
    if payment is None:
        return Standing(Stage.NONE)
    is_ticket = booking.status == Booking.Status.CONFIRMED
    until = booking.show.starts_at if is_ticket else payment.order.pay_until
    stage = _stage(payment, now, until=until, back_at=back_at)
    seconds = max(0, ceil((until - now).total_seconds()))
    return Standing(stage, payment, seconds, is_fresh=now - payment.updated_at < FRESH)


def _stage(payment: Payment, now: datetime, *, until: datetime, back_at: datetime | None) -> Stage:
    if payment.surplus or payment.state in {_S.VOID_DUE, _S.VOIDED}:
        return Stage.MONEY_BACK
    if payment.state in {_S.CAPTURE_DUE, _S.CAPTURED}:
        return Stage.PAID
    if payment.state == _S.REVIEW:
        return Stage.REVIEW
    is_open = payment.order.state in {OrderState.OPEN, OrderState.UNPAID} and now < until
    if payment.state == _S.FAILED and is_open:
        return Stage.DECLINED
    if payment.state == _S.OPEN and is_open and back_at is None:
        return Stage.PAYING
    if payment.state in {_S.OPEN, _S.AUTHORISED, _S.CANCEL_DUE}:
        since = max(payment.updated_at, back_at or payment.updated_at)
        if now >= until:
            since = max(since, until)
        return Stage.CHECKING if now < since + ASK_FOR else Stage.LATE
    return Stage.NONE


def came_back_at(request: HttpRequest) -> datetime | None:
    """When the buyer came back from the provider's page, read from the address, or None."""
    digits = request.GET.get(BACK, "")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 10):
        return None
    return datetime.fromtimestamp(int(digits), UTC)


def address_after_paying(reference: str, back_at: datetime | None) -> str:
    """The booking's page. With `back_at` the result is not known yet, and the page asks for it."""
    page = reverse("bookings:booking", args=[reference])
    return f"{page}?{urlencode({BACK: int(back_at.timestamp())})}" if back_at else page


def watch_address(reference: str, seen: Stage, back_at: datetime | None) -> str:
    """Where a page that shows the stage `seen` asks whether that has changed."""
    query = {"seen": seen.value} | ({BACK: int(back_at.timestamp())} if back_at else {})
    return f"{reverse('bookings:payment-stage', args=[reference])}?{urlencode(query)}"


@dataclass(frozen=True)
class Bill:
    """The lines of a quote or of an order, and their sums in the minor unit of `currency`."""

    lines: Sequence[QuoteLine | OrderLine]
    currency: str

    @property
    def total(self) -> int:
        return sum(line.gross for line in self.lines)

    @property
    def at_cinema(self) -> int:
        """The price of the seats, without the booking fee."""
        return sum(line.gross for line in self.lines if line.kind == OrderLine.Kind.SEAT)

    @property
    def fee(self) -> int:
        return self.total - self.at_cinema

    @property
    def seats(self) -> int:
        return sum(line.kind == OrderLine.Kind.SEAT for line in self.lines)

    @property
    def taxes(self) -> list[tuple[str, int]]:
        """The tax that the total includes, by its name."""
        sums: dict[str, int] = {}
        for line in self.lines:
            if line.tax:
                sums[line.tax_name] = sums.get(line.tax_name, 0) + line.tax
        return list(sums.items())


def due_words(money: PaymentStatus) -> str:
    """ "To pay at the cinema: ₹700"; "" if nothing is owed."""
    if not money.amount_due:
        return ""
    return f"To pay at the cinema: {minor(money.amount_due, money.currency)}"


def paid_words(money: PaymentStatus) -> str:
    """What was paid for a booking, how and when: "₹720 paid online on Thu 26 Nov". "" if nothing.

    One statement, if something was paid. What was given back is not taken off.
    """
    if money.order is None or not money.kept + money.refunded:
        return ""
    payment = Payment.objects.kept().filter(order=money.order).first()
    if payment is None:
        return ""
    amount, how = minor(payment.amount, payment.currency), HOW.get(payment.method, "at the cinema")
    taken = payment.captured_at or payment.updated_at
    how = how if payment.provider == COUNTER else "online"
    return f"{amount} paid {how} on {day(local_day(taken, money.order.tz))}"


@dataclass(frozen=True)
class Ways:
    """The ways to pay that this site offers."""

    online: bool
    at_cinema: bool
    #: Where a buyer pays online: "Stripe’s page".
    place: str
    is_test: bool
    minutes: int

    @classmethod
    def offered(cls) -> "Ways":
        now = active()
        return cls(
            online=now is not None,
            at_cinema=settings.PAY_AT_CINEMA,
            place=_place(now.code) if now else "",
            is_test=bool(now and now.test_mode),
            minutes=settings.PAYMENT_MINUTES,
        )


def let_the_provider_in(response: HttpResponse) -> None:
    """Allow a page with a way to pay to lead to the provider in use, and that one to take payments.

    A browser checks `form-action` also for the address that the answer to a form redirects to.
    """
    now = active()
    if now is None:
        return
    origins = list(now.checkout_origins)
    response._csp_update = {"form-action": origins}  # type: ignore[attr-defined]
    named = " ".join(f'"{origin}"' for origin in origins)
    response.headers["Permissions-Policy"] = PERMISSIONS.replace("payment=()", f"payment=({named})")
