"""Draws a seating plan as a small SVG for the plan editor."""

from collections.abc import Iterable, Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from .plan import SEAT_PITCH, PlanSeat

# Both are in half seats, as in the plan. SEAT is the side of a seat's square. ROOM is the space
# above the first row, where a bar stands for the cinema screen.
SEAT = 1.6
ROOM = 4
KINDS = ("standard", "premium", "wheelchair")


def draw_plan(seats: Sequence[PlanSeat]) -> SafeString:
    """An SVG with one path for each kind of seat. The path's class is the kind."""
    width = max(seat.x for seat in seats) + SEAT_PITCH
    height = max(seat.y for seat in seats) + SEAT_PITCH + ROOM
    paths = format_html_join(
        "",
        '<path class="{}" d="{}"/>',
        ((kind, _squares(seat for seat in seats if _kind(seat) == kind)) for kind in KINDS),
    )
    return format_html(
        '<svg class="plan-picture" viewBox="0 0 {} {}" role="img" aria-label="{}">'
        '<path class="screen" d="M{} 0h{}v.7h-{}z"/>{}</svg>',
        width,
        height,
        f"{len(seats)} seats, the screen above",
        width * 0.2,
        width * 0.6,
        width * 0.6,
        paths,
    )


def _kind(seat: PlanSeat) -> str:
    return "wheelchair" if seat.is_wheelchair else seat.seat_type


def _squares(seats: Iterable[PlanSeat]) -> str:
    return "".join(f"M{seat.x + 0.2} {seat.y + ROOM}h{SEAT}v{SEAT}h-{SEAT}z" for seat in seats)
