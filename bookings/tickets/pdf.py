"""Draws the ticket as a PDF: one A4 page in black on white.

Coordinates are in points (1/72 inch) from the lower left corner of the page.
"""

import io
import re

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from bookings.models import Booking
from bookmyshow.core.templatetags.formatting import clock, long_day
from movies.models import Movie
from movies.slugs import NO_SLUG

from .services import qr_code
from .typeface import BOLD, DISPLAY, TEXT, printable, register_fonts

WIDTH, HEIGHT = A4
MARGIN = 20 * mm
QR_SIDE = 52 * mm
QUIET_MODULES = 4
GREY = 0.38


def ticket_pdf(booking: Booking, *, money: str) -> bytes:
    """The ticket as a PDF file. `money` says what was paid, or what is still to pay."""
    register_fonts()
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, pageCompression=1, lang="en")
    canvas.setTitle(f"Ticket {booking.reference}: {booking.show.movie.title}")
    canvas.setAuthor("BookMyShow")
    canvas.setCreator("BookMyShow")
    y = _heading(canvas, booking, HEIGHT - MARGIN)
    y = _when_and_where(canvas, booking, y)
    y = _seats(canvas, booking, y - 4 * mm)
    _stub(canvas, booking, y, money)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _heading(canvas: Canvas, booking: Booking, y: float) -> float:
    canvas.setFont(BOLD, 11)
    canvas.drawString(MARGIN, y - 11, "BookMyShow")
    canvas.setFont(TEXT, 9)
    canvas.setFillGray(GREY)
    canvas.drawRightString(WIDTH - MARGIN, y - 11, "Your ticket. One page, for everyone in it.")
    canvas.setFillGray(0)
    y -= 22 * mm
    title = printable_title(booking.show.movie)
    size = 34 if len(title) < 40 else 24
    for line in _lines(title, DISPLAY, size)[:3]:
        canvas.setFont(DISPLAY, size)
        canvas.drawString(MARGIN, y, line)
        y -= size * 1.05
    facts = [booking.show.format, booking.show.language, booking.show.movie.certification]
    canvas.setFont(TEXT, 11)
    canvas.setFillGray(GREY)
    canvas.drawString(MARGIN, y + 6, "  ·  ".join(fact for fact in facts if fact))
    canvas.setFillGray(0)
    return y - 8 * mm


def _when_and_where(canvas: Canvas, booking: Booking, y: float) -> float:
    show, cinema = booking.show, booking.show.screen.cinema
    columns = (
        ("Day", long_day(show.local_start)),
        ("Time", clock(show.local_start)),
        ("Screen", show.screen.name),
    )
    x = MARGIN
    for label, value in columns:
        canvas.setFont(TEXT, 9)
        canvas.setFillGray(GREY)
        canvas.drawString(x, y, label)
        canvas.setFont(BOLD, 14)
        canvas.setFillGray(0)
        canvas.drawString(x, y - 17, value)
        x += max(pdfmetrics.stringWidth(value, BOLD, 14), 50) + 10 * mm
    y -= 17 * mm
    canvas.setFont(BOLD, 11)
    canvas.drawString(MARGIN, y, cinema.name)
    canvas.setFont(TEXT, 10)
    for line in _lines(cinema.full_address, TEXT, 10)[:2]:
        y -= 14
        canvas.drawString(MARGIN, y, line)
    return y - 8 * mm


def _seats(canvas: Canvas, booking: Booking, y: float) -> float:
    canvas.setFont(TEXT, 9)
    canvas.setFillGray(GREY)
    canvas.drawString(MARGIN, y, "Seats" if booking.total_seats > 1 else "Seat")
    canvas.setFillGray(0)
    size = 64 if booking.total_seats <= 3 else 40
    canvas.setFont(DISPLAY, size)
    x, y = MARGIN, y - size
    for label in booking.seats:
        width = pdfmetrics.stringWidth(label, DISPLAY, size)
        if x > MARGIN and x + width > WIDTH - MARGIN:
            x, y = MARGIN, y - size
        canvas.drawString(x, y, label)
        x += width + size / 2.5
    return y - 12 * mm


def _stub(canvas: Canvas, booking: Booking, y: float, money: str) -> None:
    """The part below the dashed line: the QR code, the reference and what was paid."""
    canvas.setDash(3, 3)
    canvas.setStrokeGray(GREY)
    canvas.line(MARGIN, y, WIDTH - MARGIN, y)
    canvas.setDash()
    top = y - 6 * mm
    _qr(canvas, booking, MARGIN, top - QR_SIDE)
    x = MARGIN + QR_SIDE + 10 * mm
    canvas.setFont(TEXT, 9)
    canvas.setFillGray(GREY)
    canvas.drawString(x, top - 14, "Reference")
    canvas.setFillGray(0)
    canvas.setFont(BOLD, 20)
    canvas.drawString(x, top - 36, booking.reference)
    count = f"{booking.total_seats} seat{'s' if booking.total_seats > 1 else ''}"
    canvas.setFont(TEXT, 11)
    canvas.drawString(x, top - 56, count)
    canvas.setFont(BOLD, 11)
    canvas.drawString(x, top - 72, money)
    canvas.setFillGray(GREY)
    canvas.setFont(TEXT, 9)
    canvas.drawString(x, top - 96, "Show this code at the door, on paper or on a screen.")


def _qr(canvas: Canvas, booking: Booking, x: float, y: float) -> None:
    """Draw the QR code as vector rectangles, which print sharply: one for each horizontal run of
    dark modules. `x` and `y` are its lower left corner."""
    matrix = qr_code(booking).matrix
    module = QR_SIDE / (len(matrix) + 2 * QUIET_MODULES)
    path = canvas.beginPath()
    for line, row in enumerate(matrix):
        start = 0
        while start < len(row):
            length = 1
            while start + length < len(row) and row[start + length] == row[start]:
                length += 1
            if row[start]:
                path.rect(
                    x + (QUIET_MODULES + start) * module,
                    y + QR_SIDE - (QUIET_MODULES + line + 1) * module,
                    length * module,
                    module,
                )
            start += length
    canvas.drawPath(path, stroke=0, fill=1)


def printable_title(movie: Movie) -> str:
    """The title in letters that the ticket's Latin typeface can draw.

    Accents that the typeface does not have are removed. If the title has other scripts, only its
    Latin part is printed. A title without a Latin part is replaced by the words of the film's slug;
    if the slug has no words, by "Your film".
    """
    printed = printable(movie.title, DISPLAY)
    if printed:
        return printed
    words = "" if movie.slug.startswith(NO_SLUG) else movie.slug.replace("-", " ").strip()
    return words.capitalize() if re.search("[a-z]", words) else "Your film"


def _lines(text: str, font: str, size: float) -> list[str]:
    lines: list[str] = simpleSplit(text, font, size, WIDTH - 2 * MARGIN)
    return lines
