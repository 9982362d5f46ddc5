"""The HTML of a seat map: checkboxes in a fieldset for each row, with as few bytes as possible.

The HTML is built from strings and not by a template: a hall of 2,000 seats is drawn again after
each hold, and a template takes about twenty times as long. A seat's place is a class (x, in half
seats) and not a style attribute, which would be longer. static/css/seatgrid.css explains all
classes.
"""

import json
import re
from collections.abc import Collection, Iterable, Sequence
from html import escape, unescape
from itertools import groupby, pairwise
from operator import attrgetter
from typing import NamedTuple

from bookmyshow.core.templatetags.formatting import money
from shows.booking_fee import ShownPrices
from shows.seating.plan import PREMIUM, SEAT_PITCH, STANDARD

#: Increase this with every change of the markup: after a deploy, the cache still has old maps.
REVISION = 7

#: If the middles of two seats are this many half seats apart, or more, an aisle is between them.
AISLE_PITCH = 2 * SEAT_PITCH
#: From this distance, the aisle has room for two row letters; below it, for one.
TWO_LETTERS_PITCH = 3 * SEAT_PITCH
FREE, HELD, SOLD = "free", "held", "sold"
WHEELCHAIR = "wheelchair"
HELD_FOR_YOU = ", held for you"
PREMIUM_SEAT = re.compile(r'" class="x\d+ premium')
STANDARD_SEAT = re.compile(r'" class="x\d+(?:"| (?!premium))')
SEAT_TAG = re.compile(r'<input type="checkbox" name="seat" id="s-([^"]+)"[^>]*>')


class MapSeat(NamedTuple):
    """A seat of the shared map: fields of shows.Seat, and its state."""

    label: str
    row: str
    number: str
    seat_type: str
    is_wheelchair: bool
    x: int
    y: int
    state: str


def draw_map(
    seats: Sequence[MapSeat],
    *,
    version: str,
    prices: ShownPrices,
    closed: str = "",
) -> str:
    """The HTML that a poll replaces. `closed`: why seats can't be booked any more, or ""."""
    names = seat_names(prices)
    width = max((seat.x for seat in seats), default=0) + SEAT_PITCH
    parts = [
        f'<input type="hidden" id="map-version" name="v" value="{version}"'
        f' data-names="{_names_of_free_seats(seats, names)}">',
        f'<p class="hall__free" id="hall-free"{"" if _any_free(seats) else " data-full"}>'
        f"{_free_line(seats)}</p>"
        if not closed
        else f'<p class="hall__closed" id="hall-closed" data-final>{escape(closed)}</p>',
        f'<div class="hall__rows w{width}" id="hall-rows">',
    ]
    if places := ",".join(escape(seat.label) for seat in seats if seat.is_wheelchair):
        # The form posts these labels, so bookings.forms finds wheelchair places without a query.
        parts.insert(
            1, f'<input type="hidden" id="wheelchair-places" name="places" value="{places}">'
        )
    y = seats[0].y if seats else 0
    for row, row_seats in groupby(seats, attrgetter("row")):
        drawn = list(row_seats)
        parts.append("<hr>" * ((drawn[0].y - y) // SEAT_PITCH - 1))
        y = drawn[0].y
        parts.append(f'<fieldset id="r-{escape(row)}"><legend>Row {escape(row)}</legend>')
        parts += [draw_seat(seat, names, closed=bool(closed)) for seat in drawn]
        parts += _row_letters(row, drawn)
        parts.append("</fieldset>")
    parts.append("</div>")
    return "".join(parts)


def _row_letters(row: str, seats: Sequence[MapSeat]) -> list[str]:
    """The row's name at both ends of each block of seats.

    A letter has the x of the seat beside it and a class for the side ("left" or "right"). Rows are
    curved, so this x gives it the same height as the seat. A narrow aisle has one letter, in its
    middle.
    """
    line = sorted(seats, key=attrgetter("x"))
    places = [f"x{line[0].x} left"]
    for left, right in pairwise(line):
        gap = right.x - left.x
        if gap >= TWO_LETTERS_PITCH:
            places += [f"x{left.x} right", f"x{right.x} left"]
        elif gap >= AISLE_PITCH:
            places.append(f"x{(left.x + right.x) // 2}")
    places.append(f"x{line[-1].x} right")
    return [f'<i class="{place}" aria-hidden="true">{escape(row)}</i>' for place in places]


def _names_of_free_seats(seats: Sequence[MapSeat], names: dict[tuple[str, bool], str]) -> str:
    """The text after the label in a free seat's name, by its classes ("premium"), as JSON.

    A page that is told by the live stream that a seat became free finds its name here.
    """
    kinds = sorted({(seat.seat_type, seat.is_wheelchair) for seat in seats})
    by_classes = {
        " ".join([PREMIUM] * (kind == PREMIUM) + [WHEELCHAIR] * place): names[kind, place]
        for kind, place in kinds
    }
    return escape(json.dumps(by_classes, ensure_ascii=False))


def seat_names(prices: ShownPrices) -> dict[tuple[str, bool], str]:
    """The text after the label in a free seat's accessible name, by (seat type, wheelchair)."""
    names = {}
    standard = money(prices.standard, prices.currency)
    premium = money(prices.premium, prices.currency)
    for wheelchair in (False, True):
        place = ", wheelchair place" if wheelchair else ""
        names[STANDARD, wheelchair] = f"{place}, {standard}"
        names[PREMIUM, wheelchair] = f", premium{place}, {premium}"
    return names


def draw_seat(
    seat: MapSeat,
    names: dict[tuple[str, bool], str],
    *,
    mine: bool = False,
    checked: bool = False,
    closed: bool = False,
) -> str:
    """One checkbox. `mine`: the viewer holds the seat, so this viewer can still choose it."""
    label = escape(seat.label)
    classes = f"x{seat.x}"
    if seat.seat_type == PREMIUM:
        classes += " premium"
    if seat.is_wheelchair:
        classes += " wheelchair"
    name, state = names[seat.seat_type, seat.is_wheelchair], ""
    if mine:
        classes, name = f"{classes} own", f"{name}{HELD_FOR_YOU}"
    elif seat.state != FREE:
        name = ", taken for now" if seat.state == HELD else ", taken"
        classes += " held" if seat.state == HELD else " sold"
        state = " disabled"
    if closed:
        state = " disabled"
    elif checked and not state:
        state = " checked"
    return (
        f'<input type="checkbox" name="seat" id="s-{label}" value="{label}"'
        f' class="{classes}" aria-label="{label}{name}"{state}>'
    )


def personalise(
    html: str,
    *,
    mine: Iterable[MapSeat],
    chosen: Collection[str],
    names: dict[tuple[str, bool], str],
) -> tuple[str, list[str]]:
    """The shared map for one viewer, who can choose the seats in `mine`.

    Ticks the `chosen` seats that this viewer can have. Returns the HTML and the ticked labels, in
    plan order.
    """
    own: dict[str, MapSeat] = {escape(seat.label): seat for seat in mine}
    wanted: dict[str, str] = {escape(label): label for label in chosen}
    had: list[str] = []
    if not own and not wanted:
        return html, had

    def replace_seat(match: re.Match[str]) -> str:
        tag, label = match[0], match[1]
        if label not in wanted and label not in own:
            return tag
        if label in own:
            tag = draw_seat(own[label], names, mine=True)
        elif tag.endswith(" disabled>"):
            return tag
        if label not in wanted:
            return tag
        had.append(wanted[label])
        return f"{tag[:-1]} checked>"

    return SEAT_TAG.sub(replace_seat, html), had


def kinds_of_seat(html: str) -> list[str]:
    """The kinds of seat to offer for a drawn map.

    Standard and premium if it has both, and wheelchair if it has wheelchair places.
    """
    kinds = []
    if PREMIUM_SEAT.search(html) and STANDARD_SEAT.search(html):
        kinds += [STANDARD, PREMIUM]
    if 'id="wheelchair-places"' in html:
        kinds.append(WHEELCHAIR)
    return kinds


def choice_line(html: str, prices: ShownPrices) -> str:
    """The ticked seats in words: "Q12, Q13, premium, ₹1,420". The page's script writes the same."""
    tags = [tag for tag in SEAT_TAG.finditer(html) if tag[0].endswith(" checked>")]
    premium = sum(bool(PREMIUM_SEAT.search(tag[0])) for tag in tags)
    total = prices.total(standard=len(tags) - premium, premium=premium)
    kind = [PREMIUM if premium == len(tags) else f"{premium} premium"] if premium else []
    return ", ".join([*(unescape(tag[1]) for tag in tags), *kind, total])


def has_choice(html: str) -> bool:
    """Whether any seat of a drawn map can be ticked."""
    return not all(tag[0].endswith(" disabled>") for tag in SEAT_TAG.finditer(html))


def _any_free(seats: Sequence[MapSeat]) -> bool:
    return any(seat.state == FREE for seat in seats)


def _free_line(seats: Sequence[MapSeat]) -> str:
    """How many seats are free, in words. Wheelchair places are counted separately."""
    ordinary = [seat for seat in seats if not seat.is_wheelchair]
    free = sum(seat.state == FREE for seat in ordinary)
    places = sum(seat.state == FREE for seat in seats if seat.is_wheelchair)
    if free == 1:
        line = "The last seat is free."
    elif free:
        line = f"<b>{free}</b> of {len(ordinary)} seats free"
    elif any(seat.state == HELD for seat in seats):
        line = "Every seat is taken. Held ones may come back within minutes."
    else:
        line = "Every seat is taken."
    if places:
        line += f"{',' if free > 1 else ''} {places} wheelchair place{'s' if places > 1 else ''}"
        line += "" if free > 1 else " free."
    return line
