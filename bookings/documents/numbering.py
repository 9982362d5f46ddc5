"""Gives invoices and credit notes their numbers (docs/decisions/0017-gapless-document-numbers.md).

A worker looks for captured payments and refunds that succeeded and have no document yet, the oldest
first. For each series it takes the series' lock, reads which of them have a document by now, and
inserts the others with the next numbers, in one transaction. So a number exists exactly if its
document does: a worker that is killed leaves nothing, and several workers wait for each other.
Selling seats never waits for a number.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from enum import Enum, auto

from django.db import transaction
from django.db.models import Max, QuerySet

from bookings.payments.models import Payment, Refund
from bookings.payments.states import RefundState
from bookmyshow.core.db.transactions import lock_timeout_raises
from bookmyshow.core.time import database_now
from shows.models import Cinema

from .content import DocumentMismatch, credit_note_of, invoice_of
from .errors import SeriesBusy
from .models import DocumentSeries, Kind, TaxDocument
from .numbers import SeriesFull, financial_year, number_text
from .pending import first_tries, kept_payments, pending_payments, pending_refunds
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

#: Reads what is needed of these payments or refunds, and returns how to build their documents.
Prepare = Callable[[Sequence[int]], Callable[[], list[TaxDocument]]]


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


def _look_since(look: Look) -> datetime | None:
    if look == Look.EVERYTHING:
        return None
    if look == Look.NIGHTLY:
        return database_now() - NIGHT_LOOK_BACK
    last: datetime | None = TaxDocument.objects.aggregate(last=Max("issued_at"))["last"]
    return last and last - LOOK_BACK


def _number_all(
    pending: "QuerySet[Payment] | QuerySet[Refund]", kind: str, prepare: Prepare
) -> int:
    """Number what is pending, in transactions of one series and BATCH documents each."""
    path = "order__cinema" if kind == Kind.INVOICE else "payment__order__cinema"
    found = list(pending.values_list("pk", flat=True)[:MOST])
    # By a second statement, because a join would be planned for far fewer rows than there are.
    cinemas = dict(pending.model.objects.filter(pk__in=found).values_list("pk", path))
    by_cinema: dict[int, list[int]] = defaultdict(list)
    for pk in found:
        by_cinema[cinemas[pk]].append(pk)
    done = 0
    for cinema in Cinema.objects.filter(pk__in=by_cinema).order_by("pk"):
        ids = by_cinema[cinema.pk]
        try:
            for start in range(0, len(ids), BATCH):
                done += _number_batch(cinema, kind, ids[start : start + BATCH], prepare)
        except (SeriesBusy, SeriesFull) as error:
            logger.error("documents of %s were not numbered: %r", cinema, error)
    return done


def _number_batch(cinema: Cinema, kind: str, ids: Sequence[int], prepare: Prepare) -> int:
    """One transaction. `ids` may have documents by now, so the documents are read under the lock.

    Payments and refunds are read before it, because they may be on several servers. What a document
    says of them does not change.
    """
    build = prepare(ids)
    with lock_timeout_raises(SeriesBusy), transaction.atomic():
        series = locked_series(cinema, kind)
        documents = build()
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


def _invoices(ids: Sequence[int]) -> Callable[[], list[TaxDocument]]:
    payments = list(
        kept_payments()
        .filter(pk__in=ids)
        .select_related("order__cinema")
        .prefetch_related("order__user", "order__lines")
        .order_by("captured_at", "pk")
    )

    def build() -> list[TaxDocument]:
        invoices = TaxDocument.objects.filter(payment__in=ids, kind=Kind.INVOICE)
        written = set(invoices.values_list("payment", flat=True))
        return _built(
            (invoice_of, payment, [*payment.order.lines.all()])
            for payment in payments
            if payment.pk not in written
        )

    return build


def _credit_notes(ids: Sequence[int]) -> Callable[[], list[TaxDocument]]:
    refunds = list(
        Refund.objects.filter(pk__in=ids, state=RefundState.SUCCEEDED)
        .select_related("payment__order__cinema")
        .prefetch_related("payment__order__user")
        .order_by("ended_at", "pk")
    )
    payments = {refund.payment_id for refund in refunds}
    first = first_tries(payments)

    def build() -> list[TaxDocument]:
        """Notes of one batch see each other: two refunds of one line share its tax exactly."""
        documents: dict[int, list[TaxDocument]] = defaultdict(list)
        for document in TaxDocument.objects.filter(payment__in=payments).order_by("pk"):
            documents[document.payment_id].append(document)
        built: list[TaxDocument] = []
        for refund in refunds:
            of_payment = documents[refund.payment_id]
            new = _built(_note_if_due(refund, of_payment, first))
            of_payment += new
            built += new
        return built

    return build


def _note_if_due(
    refund: Refund, documents: list[TaxDocument], first: dict[int, int]
) -> Iterator[tuple]:
    """The call that builds the note of a refund, if its payment has an invoice and no try of it has
    a note. A try that is newer than `first` leaves it to the next run."""
    invoice = next((found for found in documents if not found.is_credit_note), None)
    notes = [found for found in documents if found.is_credit_note]
    noted = {first.get(note.refund_id) for note in notes if note.refund_id}
    if invoice is not None and None not in noted and first[refund.pk] not in noted:
        invoice.payment = refund.payment
        yield credit_note_of, refund, invoice, notes


def _built(calls: Iterable[tuple]) -> list[TaxDocument]:
    """The documents that could be built. The others are logged, and stay pending."""
    built = []
    for build, *arguments in calls:
        try:
            built.append(build(*arguments))
        except DocumentMismatch as error:
            logger.error("no document: %s", error)
    return built
