"""Numbers without gaps: each captured payment has one invoice, each refund one credit note."""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import (
    DatabaseError,
    IntegrityError,
    InterfaceError,
    connection,
    connections,
    transaction,
)
from django.utils import timezone

from bookings.documents import numbering
from bookings.documents.errors import SeriesBusy
from bookings.documents.models import DocumentSeries, Kind, TaxDocument
from bookings.documents.numbering import NIGHT_LOOK_BACK, Look, number_documents
from bookings.documents.numbers import SeriesFull, financial_year, number_text
from bookings.documents.pending import pending_payments
from bookings.payments.models import Refund
from bookings.payments.states import RefundState
from bookings.tasks import number_documents as number_documents_task
from shows.models import Cinema, Show
from tests.support.documents import MUMBAI, make_given_back, make_paid, make_taxed_show
from tests.support.factories import make_cinema
from tests.support.races import at_once, elsewhere, meeting

pytestmark = pytest.mark.django_db(transaction=True)
INDIA_YEAR_ENDS = datetime(2027, 3, 31, 18, 30, tzinfo=UTC)
A_SECOND = timedelta(seconds=1)
#: The test ends at most this many connections. Then the workers can finish.
MOST_KILLS = 60


def numbers(kind: str = Kind.INVOICE) -> list[int]:
    found = TaxDocument.objects.filter(kind=kind).order_by("number")
    return list(found.values_list("number", flat=True))


def test_each_captured_payment_gets_the_next_number_the_oldest_first() -> None:
    show = make_taxed_show()
    # So close together that no financial year ends in between.
    now, moment = timezone.now(), timedelta(microseconds=1)
    second = make_paid(show, ["A2"], at=now)
    first = make_paid(show, ["A1"], at=now - moment)
    counter = make_paid(
        show, ["A3"], at=now + moment, provider="counter", method="cash", reference=""
    )
    assert number_documents() == 3
    codes = [TaxDocument.objects.get(payment=p).code for p in (first, second, counter)]
    year = financial_year(TaxDocument.objects.latest("number").date, 4)
    assert codes == [f"MUM1/{year}/0000{n}" for n in (1, 2, 3)]
    assert number_documents() == number_documents(Look.EVERYTHING) == 0


def test_what_is_not_kept_gets_no_invoice_and_no_credit_note() -> None:
    late = make_paid(make_taxed_show(), ["A1"], surplus=True)
    make_given_back(late, source=Refund.Source.LATE)
    assert number_documents() == 0


def test_a_refund_that_arrived_gets_a_credit_note_of_its_own_series() -> None:
    payment = make_paid(make_taxed_show(), ["A1", "A2"])
    lines = [line.pk for line in payment.order.lines.all()]
    make_given_back(payment, 25_000, lines=[[lines[0], 25_000]])
    make_given_back(payment, 25_000, state=RefundState.DUE)
    assert number_documents() == 2
    note = TaxDocument.objects.get(kind=Kind.CREDIT_NOTE)
    assert note.code.startswith("CMU1/")
    assert note.number == 1
    assert note.refers_to == TaxDocument.objects.get(kind=Kind.INVOICE)
    assert (note.gross, note.net, note.tax) == (25_000, 21_186, 3_814)


def test_the_retry_of_a_refund_has_no_second_credit_note() -> None:
    payment = make_paid(make_taxed_show(), ["A1"])
    first = make_given_back(payment)
    number_documents()
    Refund.objects.filter(pk=first.pk).update(state=RefundState.FAILED)
    second = make_given_back(payment, retry_of=first)
    assert number_documents(Look.EVERYTHING) == 0
    Refund.objects.filter(pk=second.pk).update(state=RefundState.FAILED)
    make_given_back(payment, retry_of=second)
    assert number_documents(Look.EVERYTHING) == 0
    assert numbers(Kind.CREDIT_NOTE) == [1]


def test_a_refund_that_failed_before_it_was_numbered_leaves_the_note_to_its_retry() -> None:
    payment = make_paid(make_taxed_show(), ["A1"])
    first = make_given_back(payment)
    slow_worker = numbering._credit_notes([first.pk])
    Refund.objects.filter(pk=first.pk).update(state=RefundState.FAILED)
    second = make_given_back(payment, retry_of=first)
    number_documents()
    assert TaxDocument.objects.get(kind=Kind.CREDIT_NOTE).refund == second
    assert slow_worker() == []


def test_each_cinema_has_its_own_numbers() -> None:
    for cinema in (
        make_cinema(**MUMBAI),
        make_cinema(**MUMBAI),
        make_cinema(city="मुंबई", timezone="Asia/Kolkata"),
    ):
        make_paid(make_taxed_show(cinema=cinema), ["A1"])
    number_documents()
    assert numbers() == [1, 1, 1]
    prefixes = DocumentSeries.objects.order_by("prefix").values_list("prefix", "year_begins")
    assert list(prefixes) == [("BMS1", 1), ("MUM1", 4), ("MUM2", 4)]


def test_the_financial_year_changes_at_midnight_on_the_cinemas_clock() -> None:
    show = make_taxed_show()
    make_paid(show, ["A1"], at=INDIA_YEAR_ENDS - A_SECOND)
    make_paid(show, ["A2"], at=INDIA_YEAR_ENDS)
    number_documents(Look.EVERYTHING)
    # Late: the old year's numbers go on, without a gap.
    make_paid(show, ["A3"], at=INDIA_YEAR_ENDS - 2 * A_SECOND)
    number_documents(Look.EVERYTHING)
    codes = set(TaxDocument.objects.values_list("code", flat=True))
    assert codes == {"MUM1/26-27/00001", "MUM1/27-28/00001", "MUM1/26-27/00002"}


def test_a_calendar_year_begins_in_january() -> None:
    berlin = make_cinema(city="Berlin", timezone="Europe/Berlin", tax_place="DE")
    show = make_taxed_show(cinema=berlin)
    new_year = datetime(2026, 12, 31, 23, tzinfo=UTC)
    make_paid(show, ["A1"], at=new_year - A_SECOND)
    make_paid(show, ["A2"], at=new_year)
    number_documents(Look.EVERYTHING)
    codes = set(TaxDocument.objects.values_list("code", flat=True))
    assert codes == {"BER1/2026/00001", "BER1/2027/00001"}


def test_a_number_never_has_more_than_16_characters() -> None:
    assert number_text("MUM1", "26-27", 42) == "MUM1/26-27/00042"
    assert number_text("MUM1", "26-27", 100_000) == "MUM1/2627/100000"
    assert number_text("MUM1", "26-27", 9_999_999) == "MUM12627/9999999"
    assert number_text("MU1", "99-00", 1_000_000) == "MU1/9900/1000000"
    with pytest.raises(SeriesFull):
        number_text("MUM1", "26-27", 10_000_000)


def test_a_numbered_document_is_never_changed_deleted_or_emptied() -> None:
    make_paid(make_taxed_show(), ["A1"])
    number_documents()
    every = TaxDocument.objects.all()
    for change in (
        lambda: every.update(buyer_email="other@example.com"),
        lambda: every.delete(),
        lambda: connection.cursor().execute("TRUNCATE documents_taxdocument"),
    ):
        with pytest.raises(DatabaseError, match="never changed or deleted"), transaction.atomic():
            change()
    document = every.get()
    with pytest.raises(ValueError, match="keeps its number"):
        document.give_number(
            series=document.series, year="26-27", number=2, code="MUM1/26-27/00002"
        )


def test_an_order_whose_lines_differ_from_its_money_waits_and_stops_no_other(caplog: Any) -> None:
    show = make_taxed_show()
    wrong = make_paid(show, ["A1"], amount=1, captured=1)
    make_paid(show, ["A2"])
    assert number_documents() == 1
    assert f"payment {wrong.pk}: its money is 1, its lines are 25000" in caplog.text


def test_a_usual_run_looks_a_day_back_a_nightly_run_some_weeks_and_the_command_at_all() -> None:
    show = make_taxed_show()
    make_paid(show, ["A1"])
    number_documents()
    make_paid(show, ["A2"], at=timezone.now() - timedelta(hours=23))
    assert number_documents_task() == 1
    make_paid(show, ["A3"], at=timezone.now() - timedelta(days=3))
    assert number_documents_task() == 0
    make_paid(show, ["A4"], at=timezone.now() - NIGHT_LOOK_BACK - A_SECOND)
    assert number_documents_task(nightly=True) == 1
    assert number_documents(Look.EVERYTHING) == 1


def test_the_command_counts_and_numbers(capsys: Any) -> None:
    make_given_back(make_paid(make_taxed_show(), ["A1"]))
    call_command("number_documents", dry_run=True)
    assert "1 invoices and 1 credit notes are missing." in capsys.readouterr().out
    call_command("number_documents")
    assert "2 documents numbered.\n0 invoices and 0 credit notes" in capsys.readouterr().out


def many_payments(show: Show, row: str) -> None:
    """Ten payments for the seats of a row, which were all given back."""
    for seat in range(1, 11):
        make_given_back(make_paid(show, [f"{row}{seat}"]))


def end_connections(killed: threading.Event, finished: threading.Event) -> int:
    """End connections that write, until `finished` is set. Sets `killed` after the first.

    Returns how many were ended.
    """
    kills = 0
    with connection.cursor() as cursor:
        while kills < MOST_KILLS and not finished.is_set():
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND usename = current_user"
                " AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()"
                " ORDER BY random() LIMIT 2"
            )
            kills += cursor.rowcount
            if kills:
                killed.set()
    return kills


def test_eight_workers_that_are_killed_leave_no_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their connections are ended by the database at random moments, the first inside a transaction
    that has the lock of the numbers."""
    show = make_taxed_show()
    for row in "ABC":
        many_payments(show, row)
    monkeypatch.setattr(numbering, "BATCH", 3)
    killed, finished = threading.Event(), threading.Event()
    last_number = numbering._last_number

    def read_after_the_first_kill(series: DocumentSeries, year: str) -> int:
        assert killed.wait(120)
        return last_number(series, year)

    monkeypatch.setattr(numbering, "_last_number", read_after_the_first_kill)

    def work(_: int) -> int:
        ends, kills = time.monotonic() + 300, 0
        while time.monotonic() < ends:
            try:
                if not number_documents(Look.EVERYTHING):
                    return kills
            except (DatabaseError, InterfaceError, SeriesBusy):
                kills += 1
                connections.close_all()
        raise AssertionError("the documents were not numbered in time")

    killer = elsewhere(lambda: end_connections(killed, finished))
    outcomes = at_once(work, 8)
    finished.set()
    kills = killer.result()
    assert all(isinstance(outcome, int) for outcome in outcomes), outcomes
    number_documents(Look.EVERYTHING)
    assert numbers() == numbers(Kind.CREDIT_NOTE) == list(range(1, 31))
    assert isinstance(kills, int), kills
    assert kills > 0


def test_a_second_worker_waits_and_numbers_nothing_again() -> None:
    show = make_taxed_show()
    make_paid(show, ["A1"])
    number_documents()
    make_paid(show, ["A2"])
    assert meeting(number_documents, number_documents) == 0
    assert numbers() == [1, 2]


def test_control_without_the_lock_numbers_clash(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two workers that don't wait for each other give one number twice, which the unique
    constraint refuses. With the lock, the same two workers number everything."""
    show = make_taxed_show()
    many_payments(show, "A")
    number_documents()
    many_payments(show, "B")
    both_read = threading.Barrier(2)
    last_number = numbering._last_number

    def read_together(series: DocumentSeries, year: str) -> int:
        found = last_number(series, year)
        both_read.wait(timeout=60)
        return found

    def unlocked(cinema: Cinema, kind: str) -> DocumentSeries:
        return DocumentSeries.objects.get(cinema=cinema, kind=kind)

    with monkeypatch.context() as without_lock:
        without_lock.setattr(numbering, "locked_series", unlocked)
        without_lock.setattr(numbering, "_last_number", read_together)
        outcomes = at_once(
            lambda _: numbering._number_all(pending_payments(), Kind.INVOICE, numbering._invoices),
            2,
        )
    assert any(isinstance(outcome, IntegrityError) for outcome in outcomes), outcomes
    number_documents()
    assert numbers() == numbers(Kind.CREDIT_NOTE) == list(range(1, 21))
