"""What an invoice and a credit note say: everything is copied from the order and the cinema.

Amounts are integers of the currency's minor unit. Nothing here reads or writes the database beyond
the rows that it is given.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from bookings.payments.models import Order, OrderLine, Payment, Refund
from bookmyshow.core.time import local_day

from .models import Kind, TaxDocument
from .rounding import allocate, share

Line = dict[str, Any]
#: The fields of an order line that a document's line copies, by the names that it gives them.
COPIED = {
    "kind": "kind",
    "text": "text",
    "seat": "seat",
    "quantity": "quantity",
    "unit": "unit",
    "basis_points": "tax_basis_points",
    "code": "tax_code",
    "name": "tax_name",
    "components": "tax_components",
}


class DocumentMismatch(ValueError):
    """The money and the lines of a payment or refund differ, so a document would be wrong."""


def invoice_of(payment: Payment, lines: Sequence[OrderLine]) -> TaxDocument:
    """The invoice for a captured payment, without its number.

    Raises DocumentMismatch if the lines don't add up to what was captured.
    """
    copied = [_line(line, gross=line.gross, net=line.net) for line in lines]
    _refuse_mismatch(f"payment {payment.pk}", payment.captured, copied)
    moment = payment.captured_at
    assert moment is not None, "a captured payment has its moment"
    document = _document(Kind.INVOICE, payment, moment, copied)
    cinema = payment.order.cinema
    document.seller_name = cinema.legal_name or payment.order.cinema_name
    document.seller_tax_number = cinema.tax_number
    document.seller_address = cinema.full_address
    document.place_of_supply = cinema.tax_place
    return document


def credit_note_of(
    refund: Refund, invoice: TaxDocument, earlier: Iterable[TaxDocument]
) -> TaxDocument:
    """The credit note for a refund of an invoice's payment, without its number.

    `earlier` are the invoice's credit notes so far. Net and tax of a line are shared so that
    several credit notes for all of a line add up to exactly its net and tax.
    Raises DocumentMismatch if the lines of the refund are not those of the invoice.
    """
    given = _given_before(earlier)
    amounts = _amounts(refund, invoice, given)
    copied = [
        _part(line, before=given.get(line["line"], 0), amount=amounts[line["line"]])
        for line in invoice.lines
        if amounts.get(line["line"])
    ]
    _refuse_mismatch(f"refund {refund.pk}", refund.amount, copied)
    moment = refund.ended_at
    assert moment is not None, "a refund that succeeded has its moment"
    note = _document(Kind.CREDIT_NOTE, invoice.payment, moment, copied)
    note.refund, note.refers_to = refund, invoice
    if refund.handed_back_by_id and not invoice.payment.method:
        note.paid_by = "cash"
    for name in ("seller_name", "seller_tax_number", "seller_address", "place_of_supply"):
        setattr(note, name, getattr(invoice, name))
    return note


def rates_of(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """Sums for each rate of tax, in the order of the lines. The tax of a rate that consists of
    several taxes is shared between them, and adds up."""
    found: dict[str, dict[str, Any]] = {}
    for line in lines:
        key = repr([line[name] for name in ("basis_points", "code", "name", "components")])
        rate = found.setdefault(
            key,
            {name: line[name] for name in ("basis_points", "code", "name", "components")}
            | {"net": 0, "tax": 0, "gross": 0},
        )
        for name in ("net", "tax", "gross"):
            rate[name] += line[name]
    for rate in found.values():
        rate["components"] = _components(rate)
    return list(found.values())


def _components(rate: dict[str, Any]) -> list[dict[str, Any]]:
    parts = rate["components"] or [[rate["name"], rate["basis_points"]]]
    taxes = allocate(rate["tax"], [points for _, points in parts])
    return [
        {"name": name, "basis_points": points, "tax": tax}
        for (name, points), tax in zip(parts, taxes, strict=True)
    ]


def _document(kind: str, payment: Payment, moment: datetime, lines: list[Line]) -> TaxDocument:
    order = payment.order
    return TaxDocument(
        kind=kind,
        show_id=payment.show_id,
        payment=payment,
        date=day_at_cinema(order, moment),
        cinema=order.cinema,
        buyer_name=order.user.name,
        buyer_email=order.email,
        order_reference=order.reference,
        booking_reference=order.booking_reference,
        film=order.film,
        cinema_name=order.cinema_name,
        screen_name=order.screen_name,
        starts_at=order.starts_at,
        time_zone=order.time_zone,
        paid_by=payment.method or payment.provider,
        currency=payment.currency,
        lines=lines,
        rates=rates_of(lines),
        **{name: sum(line[name] for line in lines) for name in ("net", "tax", "gross")},
    )


def day_at_cinema(order: Order, moment: datetime) -> date:
    """The date of the moment on the clock of the order's cinema."""
    return local_day(moment, order.tz)


def _line(line: OrderLine, *, gross: int, net: int) -> Line:
    copied = {name: getattr(line, field) for name, field in COPIED.items()}
    return copied | {"line": line.pk, "gross": gross, "net": net, "tax": gross - net}


def _part(line: Line, *, before: int, amount: int) -> Line:
    """The part of an invoice's line that is credited, after `before` was credited already."""
    net = share(line["net"], before + amount, line["gross"]) - share(
        line["net"], before, line["gross"]
    )
    whole = amount == line["gross"]
    quantity = {} if whole else {"quantity": 1, "unit": amount}
    return line | quantity | {"gross": amount, "net": net, "tax": amount - net}


def _given_before(earlier: Iterable[TaxDocument]) -> dict[int, int]:
    """What was credited of each order line, by its id."""
    given: dict[int, int] = {}
    for note in earlier:
        for line in note.lines:
            given[line["line"]] = given.get(line["line"], 0) + line["gross"]
    return given


def _amounts(refund: Refund, invoice: TaxDocument, given: dict[int, int]) -> dict[int, int]:
    """What the refund gives back of each order line. A refund without lines (one that was made at
    the provider) is shared between the lines by what is left of them."""
    if refund.lines:
        amounts: dict[int, int] = {}
        for line, amount in refund.lines:
            amounts[line] = amounts.get(line, 0) + amount
        return amounts
    ids = [line["line"] for line in invoice.lines]
    left = [max(0, line["gross"] - given.get(line["line"], 0)) for line in invoice.lines]
    weights = left if sum(left) else [line["gross"] for line in invoice.lines]
    return dict(zip(ids, allocate(refund.amount, weights), strict=True))


def _refuse_mismatch(what: str, amount: int, lines: list[Line]) -> None:
    total = sum(line["gross"] for line in lines)
    if total != amount:
        raise DocumentMismatch(f"{what}: its money is {amount}, its lines are {total}")
