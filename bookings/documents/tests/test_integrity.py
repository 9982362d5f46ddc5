"""`check_integrity` finds a gap, a missing invoice, and sums that don't add up."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from bookings.documents.models import Kind, TaxDocument
from bookings.documents.numbering import number_documents
from bookings.integrity.checks import find_breaches
from tests.support.documents import make_given_back, make_paid, make_taxed_show

pytestmark = pytest.mark.django_db(transaction=True)


def breaches() -> list[str]:
    return [f"{breach.rule}: {breach.where}" for breach in find_breaches()]


@contextmanager
def without_trigger() -> Iterator[None]:
    """As somebody who owns the tables could."""
    alter = "ALTER TABLE documents_taxdocument {} TRIGGER document_never_changed"
    with connection.cursor() as cursor:
        cursor.execute(alter.format("DISABLE"))
        yield
        cursor.execute(alter.format("ENABLE"))


def test_documents_as_they_are_written_are_right() -> None:
    show = make_taxed_show()
    make_given_back(make_paid(show, ["A1", "E1"], fee=333), 12_345)
    number_documents()
    assert breaches() == []


def test_a_gap_is_found() -> None:
    show = make_taxed_show()
    for label in ("A1", "A2", "A3"):
        make_paid(show, [label])
    number_documents()
    with without_trigger():
        TaxDocument.objects.filter(number=2).delete()
    (gap,) = breaches()
    assert "2 documents, numbers 1 to 3" in gap


def test_money_without_an_invoice_is_found_after_an_hour() -> None:
    show = make_taxed_show()
    make_paid(show, ["A1"])
    assert breaches() == []
    late = make_paid(show, ["A2"], at=timezone.now() - timedelta(minutes=61))
    (missing,) = breaches()
    assert f"payment {late.pk} of order" in missing


def test_sums_that_were_changed_by_hand_are_found() -> None:
    make_paid(make_taxed_show(), ["A1"])
    number_documents()
    with without_trigger():
        TaxDocument.objects.filter(kind=Kind.INVOICE).update(gross=25_001, net=21_187)
    (wrong,) = breaches()
    assert "total 25001, lines 25000, rates 25000, money 25000" in wrong
