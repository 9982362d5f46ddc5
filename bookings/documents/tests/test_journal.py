"""The journal balances, for each document and each currency, and is safe to open."""

import csv
import io
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from bookings.documents.journal import journal
from bookings.documents.models import TaxDocument
from bookings.documents.numbering import Look, number_documents
from bookings.payments.models import Refund
from bookings.payments.states import RefundState
from shows.models import Cinema, Show
from tests.support.admin_site import staff_client
from tests.support.documents import MUMBAI, make_given_back, make_paid, make_taxed_show
from tests.support.factories import make_cinema, make_movie, make_user

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "/admin/documents/journal/"
ALWAYS = (date(2000, 1, 1), date(2100, 1, 1))


@pytest.fixture
def show() -> Show:
    return make_taxed_show()


def days(begins: date, ends: date) -> dict[str, str]:
    return {"cinema": "", "begins": begins.isoformat(), "ends": ends.isoformat()}


def balances(cinema: Cinema | None = None) -> Counter[str]:
    """Debit minus credit by account."""
    sums: Counter[str] = Counter()
    for entry in journal(cinema, *ALWAYS):
        sums[entry.account] += entry.debit - entry.credit
    return sums


def test_an_invoice_is_money_against_revenue_and_tax(show: Show) -> None:
    make_paid(show, ["A1", "E1"], fee=2_000)
    number_documents()
    lines = [(e.account, e.debit, e.credit) for e in journal(None, *ALWAYS)]
    assert lines == [
        ("Clearing: sandbox", 67_000, 0),
        ("Revenue: Tickets 18 %", 0, 55_084),
        ("Revenue: Booking fees 18 %", 0, 1_695),
        ("Output CGST 9 %", 0, 5_111),
        ("Output SGST 9 %", 0, 5_110),
    ]


def test_money_of_the_counter_has_its_own_accounts(show: Show) -> None:
    make_paid(show, ["A1"], provider="counter", method="cash")
    make_paid(show, ["A2"], provider="counter", method="card")
    number_documents()
    assert balances()["Cash"] == balances()["Card at the counter"] == 25_000


def test_each_document_balances_and_all_that_went_back_leaves_nothing(show: Show) -> None:
    for label in ("A1", "A2", "A3"):
        payment = make_paid(show, [label], fee=333)
        make_given_back(payment, 10_001)
        make_given_back(payment, payment.captured - 10_001)
    number_documents()
    sums: Counter[str] = Counter()
    for entry in journal(None, *ALWAYS):
        sums[entry.document] += entry.debit - entry.credit
    assert sums.keys() == set(TaxDocument.objects.values_list("code", flat=True))
    assert set(sums.values()) == {0}
    left = balances()
    assert left["Clearing: sandbox"] == left["Output CGST 9 %"] == left["Output SGST 9 %"] == 0
    assert left["Revenue: Tickets 18 %"] == -left["Refunds: Tickets 18 %"]


def test_money_without_an_order_comes_and_goes(show: Show) -> None:
    late = make_paid(show, ["A1"], surplus=True)
    assert balances() == {"Clearing: sandbox": 25_000, "Customers' money to give back": -25_000}
    make_given_back(late, source=Refund.Source.LATE)
    assert set(balances().values()) == {0}


def test_a_refund_that_the_bank_sent_back_is_owed_until_it_is_sent_again(show: Show) -> None:
    refund = make_given_back(make_paid(show, ["A1"]))
    number_documents()
    assert balances()["Clearing: sandbox"] == 0
    Refund.objects.filter(pk=refund.pk).update(state=RefundState.FAILED)
    assert balances()["Customers' money to give back"] == -25_000
    assert balances()["Clearing: sandbox"] == 25_000
    make_given_back(refund.payment, retry_of=refund)
    number_documents(Look.EVERYTHING)
    assert balances()["Customers' money to give back"] == balances()["Clearing: sandbox"] == 0


def test_the_days_and_the_cinema_narrow_it(show: Show) -> None:
    other = make_taxed_show(cinema=make_cinema(**MUMBAI))
    now = timezone.now()
    make_paid(show, ["A1"], at=now)
    make_paid(other, ["A1"], at=now)
    number_documents()
    day = TaxDocument.objects.all()[0].date
    before, after = day - timedelta(days=1), day + timedelta(days=1)
    assert len(list(journal(None, day, day))) == 8
    assert len(list(journal(other.screen.cinema, day, day))) == 4
    assert not list(journal(None, before - timedelta(days=1), before))
    assert not list(journal(None, after, after))


def rows(content: bytes | str) -> list[dict[str, str]]:
    text = content if isinstance(content, str) else content.decode()
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_staff_download_it_and_the_audit_log_knows() -> None:
    cinema = make_cinema(**MUMBAI | {"name": "=cmd|' /C calc'!A0"})
    make_paid(make_taxed_show(cinema=cinema, movie=make_movie("@SUM(A1)")), ["A1"])
    number_documents()
    day = TaxDocument.objects.get().date
    response = staff_client().get(ADDRESS, days(day, day))
    assert response["Content-Type"] == "text/csv"
    lines = rows(response.getvalue())
    assert [line["debit"] for line in lines] == ["250.00", "", "", ""]
    credit = sum(Decimal(line["credit"]) for line in lines if line["credit"])
    assert credit == Decimal("250.00")
    assert {line["cinema"] for line in lines} == {"'=cmd|' /C calc'!A0"}
    assert {line["text"] for line in lines} == {"Invoice, @SUM(A1)"}
    assert "Journal of all cinemas exported" in LogEntry.objects.get().change_message


def test_the_page_asks_for_days_and_says_what_is_wrong() -> None:
    client = staff_client()
    page = client.get(ADDRESS).content.decode()
    assert 'name="begins" value="' in page
    for begins, ends, words in (
        ("2026-11-02", "2026-11-01", "before the first"),
        ("2020-01-01", "2026-11-01", "a year at most"),
        ("", "2026-11-01", "required"),
    ):
        reply = client.get(ADDRESS, {"begins": begins, "ends": ends})
        assert reply.status_code == 200
        assert words in reply.content.decode()
    assert not LogEntry.objects.exists()


def test_only_people_with_the_permission_may() -> None:
    client = Client()
    client.force_login(make_user(is_staff=True))
    assert client.get(ADDRESS).status_code == 403


def test_the_command_writes_the_same_lines(show: Show, capsys: Any) -> None:
    make_paid(show, ["A1"])
    number_documents()
    day = TaxDocument.objects.get().date.isoformat()
    call_command("journal", day, day, cinema=show.screen.cinema.slug)
    assert len(rows(capsys.readouterr().out)) == 4
    with pytest.raises(CommandError, match="no cinema 'nowhere'"):
        call_command("journal", day, day, cinema="nowhere")
    with pytest.raises(CommandError, match="before the first"):
        call_command("journal", "2026-11-02", "2026-11-01")
