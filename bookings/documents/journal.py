"""Journal lines for the accountant: what each document means for the books, debit and credit.

An invoice debits where the money came in (cash, card at the counter, the provider's clearing
account), and credits revenue by rate and the tax that is owed. A credit note does the reverse, with
refunds as an account of their own. Money outside of documents is there too, so that the clearing
account can be compared with the provider's statement: money that arrived without an order and goes
back, and refunds that a bank sent back. The lines of each entry balance.
"""

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from bookings.payments.models import OrderLine, Payment, Refund
from bookings.payments.states import PaymentState, RefundState
from bookmyshow.core.currencies import from_minor
from bookmyshow.core.staff.csv_export import CURSOR_SETTINGS, ROWS_AT_A_TIME, Echo, plain_text
from bookmyshow.core.time import local_day
from shows.models import Cinema

from .models import TaxDocument

MONEY = {"cash": "Cash", "card": "Card at the counter", "other": "Other at the counter"}
GIVE_BACK = "Customers' money to give back"
HEAD = (
    "date",
    "document",
    "booking",
    "cinema",
    "account",
    "debit",
    "credit",
    "currency",
    "text",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One journal line. `debit` or `credit` is 0; both are in the currency's minor unit.

    `document` is the number of an invoice or credit note, or names a payment without one.
    """

    date: date
    document: str
    booking: str
    cinema: str
    account: str
    debit: int
    credit: int
    currency: str
    text: str


def journal(cinema: Cinema | None, begins: date, ends: date) -> Iterator[Entry]:
    """The lines of the days from `begins` to `ends`, both included, on the cinemas' clocks.

    Rows are read while the lines are used, in a transaction.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(CURSOR_SETTINGS)
        documents = TaxDocument.objects.filter(date__range=(begins, ends))
        if cinema is not None:
            documents = documents.filter(cinema=cinema)
        ordered = documents.order_by("date", "cinema", "financial_year", "series", "number")
        for document in ordered.iterator(chunk_size=ROWS_AT_A_TIME):
            yield from entries_of(document)
        for rows, moment, build in (
            (surplus_payments(), "captured_at", _surplus_arrived),
            (surplus_refunds(), "ended_at", _surplus_went_back),
            (refunds_that_came_back(), "ended_at", _came_back),
            (repeated_refunds(), "ended_at", _sent_again),
        ):
            yield from _outside_of_documents(rows, moment, build, cinema, begins, ends)


def entries_of(document: TaxDocument) -> list[Entry]:
    """The lines of an invoice or credit note. Their debits equal their credits."""
    back = document.is_credit_note
    lines = [(money_account(document.paid_by), document.gross, 0)]
    lines += [(account, 0, amount) for account, amount in _revenue(document).items() if amount]
    lines += [(account, 0, amount) for account, amount in _taxes(document).items() if amount]
    return [
        Entry(
            date=document.date,
            document=document.code,
            booking=document.booking_reference,
            cinema=document.cinema_name,
            account=account,
            debit=credit if back else debit,
            credit=debit if back else credit,
            currency=document.currency,
            text=f"{document.get_kind_display()}, {document.film}",
        )
        for account, debit, credit in lines
    ]


def money_account(paid_by: str) -> str:
    """The account of money that was paid this way."""
    return MONEY.get(paid_by, f"Clearing: {paid_by}")


def _revenue(document: TaxDocument) -> dict[str, int]:
    """Net revenue of tickets and fees by rate of tax; of a credit note: what was refunded."""
    amounts: dict[str, int] = {}
    for line in document.lines:
        what = "Booking fees" if line["kind"] == OrderLine.Kind.FEE else "Tickets"
        prefix = "Refunds: " if document.is_credit_note else "Revenue: "
        account = f"{prefix}{what} {line['basis_points'] / 100:g} %"
        amounts[account] = amounts.get(account, 0) + line["net"]
    return amounts


def _taxes(document: TaxDocument) -> dict[str, int]:
    amounts: dict[str, int] = {}
    for rate in document.rates:
        for part in rate["components"]:
            name = part["name"] or "Tax"
            account = f"Output {name} {part['basis_points'] / 100:g} %"
            amounts[account] = amounts.get(account, 0) + part["tax"]
    return amounts


def surplus_payments() -> "QuerySet[Payment]":
    """Money that was taken and is not for an order (late, twice, a wrong amount)."""
    return Payment.objects.filter(state=PaymentState.CAPTURED, surplus=True)


def surplus_refunds() -> "QuerySet[Refund]":
    """Refunds of such money that arrived."""
    return Refund.objects.filter(state=RefundState.SUCCEEDED, payment__surplus=True)


def refunds_that_came_back() -> "QuerySet[Refund]":
    """Refunds with a credit note, whose money a bank sent back later."""
    noted = TaxDocument.objects.filter(refund__isnull=False).values("refund")
    return Refund.objects.filter(state=RefundState.FAILED, pk__in=noted)


def repeated_refunds() -> "QuerySet[Refund]":
    """Retries that arrived, of refunds with a credit note."""
    noted = TaxDocument.objects.filter(refund__isnull=False).values("payment")
    return Refund.objects.filter(
        payment__in=noted, state=RefundState.SUCCEEDED, document=None, retry_of__isnull=False
    )


Build = Callable[[Any], tuple[Payment, int, str, str, str]]


def _surplus_arrived(payment: Payment) -> tuple[Payment, int, str, str, str]:
    return payment, payment.captured, _way(payment), GIVE_BACK, "Money without an order"


def _surplus_went_back(refund: Refund) -> tuple[Payment, int, str, str, str]:
    text = f"Given back: {refund.get_source_display().lower()}"
    return refund.payment, refund.amount, GIVE_BACK, _way(refund.payment), text


def _came_back(refund: Refund) -> tuple[Payment, int, str, str, str]:
    text = "A refund that the bank sent back"
    return refund.payment, refund.amount, _way(refund.payment), GIVE_BACK, text


def _sent_again(refund: Refund) -> tuple[Payment, int, str, str, str]:
    return refund.payment, refund.amount, GIVE_BACK, _way(refund.payment), "A refund, sent again"


def _way(payment: Payment) -> str:
    return money_account(payment.method or payment.provider)


def _outside_of_documents(
    rows: "QuerySet[Any]",
    moment: str,
    build: Build,
    cinema: Cinema | None,
    begins: date,
    ends: date,
) -> Iterator[Entry]:
    """Two lines for each row whose moment is in the days, on the clock of its cinema."""
    a_day = timedelta(days=1)
    near = (datetime.combine(begins - a_day, time()), datetime.combine(ends + 2 * a_day, time()))
    path = "order" if rows.model is Payment else "payment__order"
    found = rows.filter(**{f"{moment}__range": [m.replace(tzinfo=UTC) for m in near]})
    if cinema is not None:
        found = found.filter(**{f"{path}__cinema": cinema})
    for row in found.select_related(path).order_by(moment, "pk").iterator(ROWS_AT_A_TIME):
        payment, amount, debit, credit, text = build(row)
        order = payment.order
        day = local_day(getattr(row, moment), order.tz)
        if not begins <= day <= ends:
            continue
        facts: dict[str, Any] = {
            "date": day,
            "document": f"payment {payment.charge or payment.uuid}",
            "booking": order.booking_reference,
            "cinema": order.cinema_name,
            "currency": payment.currency,
            "text": text,
        }
        yield Entry(account=debit, debit=amount, credit=0, **facts)
        yield Entry(account=credit, debit=0, credit=amount, **facts)


def csv_lines(entries: Iterable[Entry]) -> Iterator[str]:
    """The lines as CSV, with a byte order mark for spreadsheets. Amounts have all decimals of the
    currency and no grouping. A text that a spreadsheet would run as a formula gets a ' in front."""
    writer = csv.writer(Echo())
    yield "\ufeff" + writer.writerow(HEAD)
    for entry in entries:
        yield writer.writerow(
            [
                entry.date.isoformat(),
                plain_text(entry.document),
                entry.booking,
                plain_text(entry.cinema),
                plain_text(entry.account),
                _amount(entry.debit, entry.currency),
                _amount(entry.credit, entry.currency),
                entry.currency,
                plain_text(entry.text),
            ]
        )


def _amount(minor: int, currency: str) -> str:
    return f"{from_minor(minor, currency):f}" if minor else ""
