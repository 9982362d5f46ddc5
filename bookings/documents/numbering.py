"""Gives invoices and credit notes their numbers (docs/decisions/0017-gapless-document-numbers.md).

A worker looks for captured payments and refunds that succeeded and have no document yet, the oldest
first. For each series it takes the series' lock, reads again what has no document, and inserts the
documents with the next numbers, in one transaction. So a number exists exactly if its document
does: a worker that is killed leaves nothing, and several workers wait for each other. Selling seats
never waits for a number.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from enum import Enum, auto

from django.db import transaction
from django.db.models import BooleanField, Exists, Max, OuterRef, QuerySet
from django.db.models.expressions import RawSQL

from bookings.payments.models import Payment, Refund
from bookings.payments.states import PaymentState, RefundState
from bookmyshow.core.db.transactions import lock_timeout_raises
from bookmyshow.core.time import database_now
from shows.models import Cinema

from .content import DocumentMismatch, credit_note_of, invoice_of
from .errors import SeriesBusy
from .models import DocumentSeries, Kind, TaxDocument
from .numbers import SeriesFull, financial_year, number_text
from .series import locked_series

logger = logging.getLogger(__name__)
#: Documents of one transaction, and of one call for each kind.
BATCH, MOST = 100, 2_000
#: A usual run looks this far behind the last document. A payment is committed seconds after its
#: moment, so this is more than enough.
LOOK_BACK = timedelta(days=1)
#: The nightly run looks this far back, so that it does not grow with the years. Older documents
#: that are missing are found by `check_integrity`, and written by `manage.py number_documents`.
NIGHT_LOOK_BACK = timedelta(days=60)

# Of a refund that is a retry: no try before it has a credit note.
NO_EARLIER_TRY_HAS_A_NOTE = """
    payments_refund.retry_of_id IS NULL OR NOT EXISTS (
        WITH RECURSIVE tries (id, retry_of_id) AS (
            SELECT first.id, first.retry_of_id FROM payments_refund first
            WHERE first.id = payments_refund.retry_of_id
            UNION ALL
            SELECT r.id, r.retry_of_id FROM payments_refund r JOIN tries ON r.id = tries.retry_of_id
        )
        SELECT 1 FROM tries JOIN documents_taxdocument d ON d.refund_id = tries.id
    )
"""

Build = Callable[[Sequence[int]], list[TaxDocument]]


class Look(Enum):
    """How far back `number_documents` looks."""

    USUAL, NIGHTLY, EVERYTHING = auto(), auto(), auto()


def number_documents(look: Look = Look.USUAL) -> int:
    """Write and number the documents that are missing. Returns their number.

    Looks since LOOK_BACK before the last document, since NIGHT_LOOK_BACK, or at everything.
    Documents that can't be written (their money and lines differ, or another worker keeps the lock
    for long) are logged, and tried again in the next run.
    """
    since = _look_since(look)
    done = _number_all(pending_payments(since), Kind.INVOICE, _invoices)
    # After the invoices, because a credit note refers to one.
    return done + _number_all(pending_refunds(since), Kind.CREDIT_NOTE, _credit_notes)


def pending_payments(since: datetime | None = None) -> "QuerySet[Payment]":
    """Captured payments without an invoice, the oldest first. Surplus money gets none: it is not
    for an order, and goes back."""
    invoices = TaxDocument.objects.filter(payment=OuterRef("pk"), kind=Kind.INVOICE)
    found = Payment.objects.filter(~Exists(invoices), state=PaymentState.CAPTURED, surplus=False)
    if since is not None:
        found = found.filter(captured_at__gte=since)
    return found.order_by("captured_at", "pk")


def pending_refunds(since: datetime | None = None) -> "QuerySet[Refund]":
    """Refunds that succeeded, of payments with an invoice, without a credit note, oldest first.

    A retry of a refund that has a credit note gets no other one: the first try's note stands.
    """
    invoices = TaxDocument.objects.filter(payment=OuterRef("payment"), kind=Kind.INVOICE)
    # A LEFT JOIN in its place would be planned for one row, and read all payments for each refund.
    notes = TaxDocument.objects.filter(refund=OuterRef("pk"))
    first_note = RawSQL(NO_EARLIER_TRY_HAS_A_NOTE, [], output_field=BooleanField())
    found = Refund.objects.filter(
        ~Exists(notes), Exists(invoices), first_note, state=RefundState.SUCCEEDED
    )
    if since is not None:
        found = found.filter(ended_at__gte=since)
    return found.order_by("ended_at", "pk")


def _look_since(look: Look) -> datetime | None:
    if look == Look.EVERYTHING:
        return None
    if look == Look.NIGHTLY:
        return database_now() - NIGHT_LOOK_BACK
    last: datetime | None = TaxDocument.objects.aggregate(last=Max("issued_at"))["last"]
    return last and last - LOOK_BACK


def _number_all(pending: "QuerySet[Payment] | QuerySet[Refund]", kind: str, build: Build) -> int:
    """Number what is pending, in transactions of one series and BATCH documents each."""
    path = "order__cinema" if kind == Kind.INVOICE else "payment__order__cinema"
    by_cinema: dict[int, list[int]] = defaultdict(list)
    for pk, cinema in pending.values_list("pk", path)[:MOST]:
        by_cinema[cinema].append(pk)
    done = 0
    for cinema in Cinema.objects.filter(pk__in=by_cinema).order_by("pk"):
        ids = by_cinema[cinema.pk]
        try:
            for start in range(0, len(ids), BATCH):
                done += _number_batch(cinema, kind, ids[start : start + BATCH], build)
        except (SeriesBusy, SeriesFull) as error:
            logger.error("documents of %s were not numbered: %r", cinema, error)
    return done


def _number_batch(cinema: Cinema, kind: str, ids: Sequence[int], build: Build) -> int:
    """One transaction. `ids` may have documents by now: `build` reads them again under the lock."""
    with lock_timeout_raises(SeriesBusy), transaction.atomic():
        series = locked_series(cinema, kind)
        documents = build(ids)
        now = database_now()
        last: dict[str, int] = {}
        for document in documents:
            year = financial_year(document.date, series.year_begins)
            number = last.get(year) or _last_number(series, year)
            last[year] = number = number + 1
            code = number_text(series.prefix, year, number)
            document.give_number(series=series, year=year, number=number, code=code)
            document.issued_at = now
        TaxDocument.objects.bulk_create(documents)
    return len(documents)


def _last_number(series: DocumentSeries, year: str) -> int:
    numbers = TaxDocument.objects.filter(series=series, financial_year=year)
    return numbers.aggregate(last=Max("number"))["last"] or 0


def _invoices(ids: Sequence[int]) -> list[TaxDocument]:
    payments = (
        pending_payments()
        .filter(pk__in=ids)
        .select_related("order__user", "order__cinema")
        .prefetch_related("order__lines")
    )
    return _built((invoice_of, payment, [*payment.order.lines.all()]) for payment in payments)


def _credit_notes(ids: Sequence[int]) -> list[TaxDocument]:
    """Notes of one batch see each other: two refunds of one line share its tax exactly."""
    refunds = list(pending_refunds().filter(pk__in=ids))
    payments = {refund.payment_id for refund in refunds}
    invoices: dict[int, TaxDocument] = {}
    earlier: dict[int, list[TaxDocument]] = defaultdict(list)
    documents = TaxDocument.objects.filter(payment__in=payments).order_by("pk")
    for document in documents.select_related("payment__order__user", "payment__order__cinema"):
        if document.is_credit_note:
            earlier[document.payment_id].append(document)
        else:
            invoices[document.payment_id] = document
    built: list[TaxDocument] = []
    for refund in refunds:
        notes = earlier[refund.payment_id]
        new = _built([(credit_note_of, refund, invoices[refund.payment_id], notes)])
        notes += new
        built += new
    return built


def _built(calls: Iterable[tuple]) -> list[TaxDocument]:
    """The documents that could be built. The others are logged, and stay pending."""
    built = []
    for build, *arguments in calls:
        try:
            built.append(build(*arguments))
        except DocumentMismatch as error:
            logger.error("no document: %s", error)
    return built
