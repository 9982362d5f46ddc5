"""Draws invoices and credit notes as a PDF: A4, black on white, the typefaces of the ticket.

Coordinates are in points (1/72 inch) from the lower left corner of the page. A document's PDF is
the same bytes each time.
"""

import io
from collections.abc import Sequence
from datetime import date
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from bookings.tickets.typeface import BOLD, DISPLAY, TEXT, printable, register_fonts, wrapped
from bookmyshow.core.templatetags.formatting import clock, long_day

from .amounts import figure, rate_text
from .lines import Row, rows_of
from .models import TaxDocument
from .places import place_name, tax_number_label

WIDTH, HEIGHT = A4
MARGIN = 20 * mm
RIGHT = WIDTH - MARGIN
BOTTOM = 30 * mm
GREY, HAIR = 0.38, 0.8
SIZE, LEADING = 9, 13
#: Right edges of the columns of figures, and the width of the first column.
DESCRIPTION = 66 * mm
CODE_LEFT = MARGIN + 70 * mm
TAXABLE, RATE, TAX, AMOUNT = (MARGIN + edge * mm for edge in (113, 128, 147, 170))
PAID_BY = {
    "cash": "in cash at the cinema",
    "card": "by card at the cinema",
    "other": "at the cinema",
    "counter": "at the cinema",
    "stripe": "online, through Stripe",
    "razorpay": "online, through Razorpay",
}
TEST_MODE = "online in test mode: no money moved"


def documents_pdf(documents: Sequence[TaxDocument]) -> bytes:
    """The documents as one PDF file; each begins on a page of its own."""
    register_fonts()
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, pageCompression=1, lang="en", invariant=1)
    canvas.setTitle(", ".join(document.code for document in documents))
    canvas.setAuthor("BookMyShow")
    canvas.setCreator("BookMyShow")
    for document in documents:
        _Page(canvas, document).draw()
    canvas.save()
    return out.getvalue()


def heading(document: TaxDocument) -> str:
    """What the document is called: only a seller with a tax number writes a tax invoice."""
    if document.is_credit_note:
        return "Credit note"
    return "Tax invoice" if document.tax and document.seller_tax_number else "Invoice"


def _date(day: date) -> str:
    """26 November 2026"""
    return f"{day.day} {day:%B %Y}"


class _Page:
    """Draws one document from top to bottom. `y` is the base line of what comes next."""

    def __init__(self, canvas: Canvas, document: TaxDocument) -> None:
        self.canvas, self.document = canvas, document
        self.y = HEIGHT - MARGIN

    def draw(self) -> None:
        self._heading()
        self._people()
        self._show()
        self._table()
        self._totals()
        self._footer()
        self.canvas.showPage()

    def _heading(self) -> None:
        document = self.document
        self._text(MARGIN, "BookMyShow", BOLD, 11, down=11)
        self._text(RIGHT, document.cinema_name, TEXT, SIZE, grey=True, right=True, down=11)
        self.y -= 18 * mm
        self._text(MARGIN, heading(document), DISPLAY, 30)
        self.y -= 9 * mm
        facts = [("Number", document.code), ("Date", _date(document.date))]
        if document.refers_to is not None:
            invoice = document.refers_to
            facts.append(("For invoice", f"{invoice.code} of {_date(invoice.date)}"))
        x = MARGIN
        for label, value in facts:
            self._text(x, label, TEXT, SIZE, grey=True)
            self._text(x, value, BOLD, 11, down=14)
            x += max(self._width(value, BOLD, 11), 30 * mm) + 8 * mm
        self.y -= 14 + 11 * mm

    def _people(self) -> None:
        """Who sold and who bought, side by side."""
        document = self.document
        number = document.seller_tax_number
        tax = document.rates[0]["name"] if document.rates else ""
        label = tax_number_label(document.place_of_supply, tax)
        place = place_name(document.place_of_supply)
        seller = [
            self._fallback(document.seller_name, document.cinema_name, "The cinema"),
            document.seller_address,
            f"{label} {number}" if number else "",
            f"Place of supply: {place}" if place else "",
        ]
        buyer = [document.buyer_name, document.buyer_email, f"Booking {document.booking_reference}"]
        half = (RIGHT - MARGIN) / 2 - 6 * mm
        ends = [
            self._block(MARGIN, half, "Sold by", seller),
            self._block(MARGIN + half + 12 * mm, half, "Bought by", buyer),
        ]
        self.y = min(ends) - 4 * mm

    def _block(self, x: float, width: float, label: str, texts: Sequence[str]) -> float:
        top = self.y
        self._text(x, label, TEXT, SIZE, grey=True)
        self.y -= LEADING
        for place, text in enumerate(texts):
            for line in wrapped(printable(text, TEXT), TEXT, 10, width)[:4]:
                self._text(x, line, TEXT if place else BOLD, 10)
                self.y -= LEADING
        bottom, self.y = self.y, top
        return bottom

    def _show(self) -> None:
        document = self.document
        starts = document.starts_at.astimezone(document.zone)
        names = (document.cinema_name, document.screen_name)
        where = ", ".join(name for name in names if printable(name, TEXT))
        self._rule()
        self.y -= LEADING + 2
        film = self._fallback(document.film, "Cinema ticket")
        for line in wrapped(film, BOLD, 11, RIGHT - MARGIN)[:2]:
            self._text(MARGIN, line, BOLD, 11)
            self.y -= LEADING + 1
        facts = f"{long_day(starts)}, {clock(starts)}  ·  {printable(where, TEXT)}"
        for line in wrapped(facts, TEXT, SIZE, RIGHT - MARGIN)[:2]:
            self._text(MARGIN, line, TEXT, SIZE, grey=True)
            self.y -= LEADING
        self.y -= 4 * mm

    def _table(self) -> None:
        self._table_head()
        for row in rows_of(self.document.lines):
            lines = wrapped(row.text, TEXT, SIZE, DESCRIPTION) or [""]
            if self.y - LEADING * (len(lines) + 1) < BOTTOM:
                self._next_page()
                self._table_head()
            self._row(row, lines)

    def _table_head(self) -> None:
        heads = [(TAXABLE, "Taxable value"), (RATE, "Rate"), (TAX, "Tax"), (AMOUNT, "Amount")]
        self._text(MARGIN, f"Amounts in {self.document.currency}", TEXT, SIZE, grey=True)
        if any(line["code"] for line in self.document.lines):
            code = "SAC" if self.document.place_of_supply.startswith("IN") else "Code"
            self._text(CODE_LEFT, code, TEXT, SIZE, grey=True)
        for x, head in heads:
            self._text(x, head, TEXT, SIZE, grey=True, right=True)
        self.y -= 5
        self._rule()
        self.y -= LEADING + 1

    def _row(self, row: Row, lines: Sequence[str]) -> None:
        money = self.document.currency
        self._text(CODE_LEFT, row.code, TEXT, SIZE)
        for x, text in (
            (TAXABLE, figure(row.net, money)),
            (RATE, rate_text(row.basis_points)),
            (TAX, figure(row.tax, money)),
            (AMOUNT, figure(row.gross, money)),
        ):
            self._text(x, text, TEXT, SIZE, right=True)
        for line in lines:
            self._text(MARGIN, line, TEXT, SIZE)
            self.y -= LEADING
        if row.quantity > 1:
            each = f"{row.quantity} × {figure(row.unit, money)}"
            self._text(MARGIN, each, TEXT, SIZE - 1, grey=True)
            self.y -= LEADING
        self.y -= 3

    def _totals(self) -> None:
        """Taxable value, each tax of each rate, and the total."""
        document, money = self.document, self.document.currency
        sums = [("Taxable value", document.net)]
        for rate in document.rates:
            on = f" on {figure(rate['net'], money)}"
            sums += [
                (f"{part['name'] or 'Tax'} {rate_text(part['basis_points'])}{on}", part["tax"])
                for part in rate["components"]
                if part["basis_points"]
            ]
        if self.y - LEADING * (len(sums) + 5) < BOTTOM:
            self._next_page()
        self._rule()
        self.y -= LEADING + 2
        for label, amount in sums:
            self._text(TAX, label, TEXT, SIZE, grey=True, right=True)
            self._text(AMOUNT, figure(amount, money), TEXT, SIZE, right=True)
            self.y -= LEADING
        self.y -= 8
        label = "Given back" if document.is_credit_note else "Total, tax included"
        total = f"{money}\N{NO-BREAK SPACE}{figure(document.gross, money)}"
        self._text(AMOUNT, total, BOLD, 14, right=True)
        before = AMOUNT - self._width(total, BOLD, 14) - 4 * mm
        self._text(before, label, BOLD, 11, right=True)
        self.y -= 12 * mm

    def _footer(self) -> None:
        document = self.document
        how = PAID_BY.get(document.paid_by, TEST_MODE)
        verb = "Given back the way it was paid:" if document.is_credit_note else "Paid"
        lines = [
            f"{verb} {how}.",
            "Made by a computer, and valid without a signature.",
        ]
        for line in lines:
            self._text(MARGIN, line, TEXT, SIZE, grey=True)
            self.y -= LEADING

    def _next_page(self) -> None:
        document = self.document
        self.canvas.showPage()
        self.y = HEIGHT - MARGIN
        continued = f"{heading(document)} {document.code}, continued"
        self._text(MARGIN, continued, BOLD, 11, down=11)
        self.y -= 14 * mm

    def _rule(self) -> None:
        self.canvas.setStrokeGray(HAIR)
        self.canvas.setLineWidth(0.6)
        self.canvas.line(MARGIN, self.y, RIGHT, self.y)

    def _text(
        self,
        x: float,
        text: str,
        font: str,
        size: float,
        *,
        grey: bool = False,
        right: bool = False,
        down: float = 0,
    ) -> None:
        """Draw one line in letters that the font has. `right`: it ends at `x`."""
        canvas, shown = self.canvas, printable(text, font)
        canvas.setFont(font, size)
        canvas.setFillGray(GREY if grey else 0)
        draw: Any = canvas.drawRightString if right else canvas.drawString
        draw(x, self.y - down, shown)
        canvas.setFillGray(0)

    @staticmethod
    def _width(text: str, font: str, size: float) -> float:
        width: float = pdfmetrics.stringWidth(text, font, size)
        return width

    @staticmethod
    def _fallback(*texts: str) -> str:
        """The first text that can be printed."""
        return next((shown for text in texts if (shown := printable(text, TEXT))), "")
