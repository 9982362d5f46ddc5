"""Sums that always add up: 10,000 random orders, their invoices, and credit notes in any parts."""

import random
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from bookings.documents.content import DocumentMismatch, credit_note_of, invoice_of, rates_of
from bookings.documents.journal import entries_of
from bookings.documents.models import TaxDocument
from bookings.documents.rounding import allocate, share
from bookings.payments.models import Order, OrderLine, Payment, Refund
from bookings.tax.services import split
from shows.models import Cinema
from tests.support.unhurried import unhurried

ORDERS = 10_000
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
GST = [["CGST", 900], ["SGST", 900]]
CANADA = [["GST", 500], ["PST", 700]]
#: Basis points and the taxes that the rate consists of.
RATES: list[tuple[int, list[list[Any]]]] = [
    (0, []),
    (500, [["CGST", 250], ["SGST", 250]]),
    (1800, GST),
    (1200, CANADA),
    (1900, []),
    (770, []),
]
#: The price of one in minor units, how many, and the rate of tax.
SoldLine = tuple[int, int, tuple[int, list[list[Any]]]]
CURRENCIES = ("INR", "JPY", "KWD", "EUR")
line = st.tuples(st.integers(1, 5_000_00), st.integers(1, 4), st.sampled_from(RATES))


def paid(lines: list[SoldLine], currency: str) -> Payment:
    """A captured payment of an order with these lines, in memory only."""
    order = Order(
        user=User(name="Asha Rao"),
        cinema=Cinema(name="Regal", city="Mumbai", timezone="Asia/Kolkata"),
        cinema_name="Regal",
        time_zone="Asia/Kolkata",
        starts_at=NOON,
        currency=currency,
    )
    total = sum(unit * quantity for unit, quantity, _ in lines)
    payment = Payment(order=order, amount=total, captured=total, captured_at=NOON)
    payment.currency, payment.provider = currency, "sandbox"
    return payment


def order_lines(lines: list[SoldLine]) -> list[OrderLine]:
    made = []
    for number, (unit, quantity, (points, components)) in enumerate(lines, start=1):
        net, tax = split(unit * quantity, points)
        made.append(
            OrderLine(
                pk=number,
                kind="FEE" if quantity > 1 else "SEAT",
                text=f"Seat A{number}",
                seat=f"A{number}",
                quantity=quantity,
                unit=unit,
                gross=unit * quantity,
                net=net,
                tax=tax,
                tax_basis_points=points,
                tax_name="GST",
                tax_components=components,
            )
        )
    return made


def assert_adds_up(document: TaxDocument) -> None:
    """Lines, rates and the taxes of each rate have the totals of the document."""
    for name in ("net", "tax", "gross"):
        total = getattr(document, name)
        assert sum(line[name] for line in document.lines) == total
        assert sum(rate[name] for rate in document.rates) == total
    assert document.net + document.tax == document.gross
    for rate in document.rates:
        assert sum(part["tax"] for part in rate["components"]) == rate["tax"]
        shares = [part["basis_points"] for part in rate["components"]]
        for part, points in zip(rate["components"], shares, strict=True):
            exact = rate["tax"] * points / (sum(shares) or 1)
            assert abs(part["tax"] - exact) <= 1
    entries = entries_of(document)
    assert sum(e.debit for e in entries) == sum(e.credit for e in entries) == document.gross


def assert_all_parts_add_up(lines: list[SoldLine], currency: str, chance: random.Random) -> None:
    """Write the invoice, then give everything back in random parts, with a credit note for each."""
    payment, sold = paid(lines, currency), order_lines(lines)
    invoice = invoice_of(payment, sold)
    assert invoice.gross == payment.captured
    assert_adds_up(invoice)
    notes: list[TaxDocument] = []
    left = {line.pk: line.gross for line in sold}
    while left:
        chosen = chance.sample(sorted(left), chance.randint(1, len(left)))
        parts = [
            (pk, chance.choice([left[pk], left[pk], chance.randint(1, left[pk])])) for pk in chosen
        ]
        left = {pk: amount - dict(parts).get(pk, 0) for pk, amount in left.items()}
        left = {pk: amount for pk, amount in left.items() if amount}
        amount = sum(part for _, part in parts)
        refund = Refund(payment=payment, amount=amount, lines=parts, ended_at=NOON)
        note = credit_note_of(refund, invoice, notes)
        assert note.gross == refund.amount
        assert_adds_up(note)
        assert all(line["net"] >= 0 and line["tax"] >= 0 for line in note.lines)
        notes.append(note)
    # When everything has gone back, nothing of the invoice is left, in no rate of tax.
    for name in ("net", "tax", "gross"):
        assert sum(getattr(note, name) for note in notes) == getattr(invoice, name)
    credited = rates_of([line for note in notes for line in note.lines])
    assert by_rate(credited) == by_rate(invoice.rates)


def by_rate(rates: list[dict[str, Any]]) -> set[tuple[int, ...]]:
    return {(rate["basis_points"], rate["net"], rate["tax"]) for rate in rates}


def test_invoices_and_credit_notes_of_many_random_orders_add_up() -> None:
    for number in range(ORDERS):
        chance = random.Random(number)
        lines = [
            (chance.randint(1, 5_000_00), chance.randint(1, 4), chance.choice(RATES))
            for _ in range(chance.randint(1, 4))
        ]
        assert_all_parts_add_up(lines, chance.choice(CURRENCIES), chance)


@unhurried
@given(st.lists(line, min_size=1, max_size=6), st.sampled_from(CURRENCIES), st.randoms())
def test_the_smallest_order_that_does_not_add_up(
    lines: list[SoldLine], currency: str, chance: random.Random
) -> None:
    """The same rule, with examples that hypothesis makes smaller when they fail."""
    assert_all_parts_add_up(lines, currency, chance)


def test_a_refund_made_at_the_provider_is_shared_by_what_is_left() -> None:
    lines = [(10_000, 1, RATES[2]), (30_000, 1, RATES[1])]
    payment = paid(lines, "INR")
    invoice = invoice_of(payment, order_lines(lines))
    first = credit_note_of(
        Refund(payment=payment, amount=10_000, lines=[[1, 10_000]], ended_at=NOON), invoice, []
    )
    second = credit_note_of(Refund(payment=payment, amount=15_000, ended_at=NOON), invoice, [first])
    assert [(part["line"], part["gross"]) for part in second.lines] == [(2, 15_000)]
    assert_adds_up(second)


def test_a_document_whose_money_and_lines_differ_is_refused() -> None:
    lines = [(10_000, 1, RATES[2])]
    payment = paid(lines, "INR")
    invoice = invoice_of(payment, order_lines(lines))
    with pytest.raises(DocumentMismatch):
        invoice_of(payment, order_lines([(9_999, 1, RATES[2])]))
    strange = Refund(payment=payment, amount=10_000, lines=[[7, 10_000]], ended_at=NOON)
    with pytest.raises(DocumentMismatch):
        credit_note_of(strange, invoice, [])


@unhurried
@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=9))
def test_parts_add_up_and_are_within_one_unit(amount: int, weights: list[int]) -> None:
    parts = allocate(amount, weights)
    assert sum(parts) == amount
    if sum(weights):
        for part, weight in zip(parts, weights, strict=True):
            assert abs(part * sum(weights) - amount * weight) <= sum(weights)


def test_shares_are_rounded_half_up() -> None:
    assert [share(3, part, 2) for part in (0, 1, 2)] == [0, 2, 3]
    assert share(5, 0, 0) == 0
    with pytest.raises(ValueError):
        allocate(1, [])
