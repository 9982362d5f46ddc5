"""Schemas of the API for waiting rooms."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from bookmyshow.core.api.schemas import Moment, Out

from .join_and_enter import place_in_line
from .models import OnSale, Place
from .pages import SalePage
from .shared_state import SharedState

PlaceStatus = Literal["waiting", "in_line", "called", "entered", "over"]


class WaitingRoomOut(Out):
    id: int
    movie_id: int | None = Field(description="The film, if all its shows are on sale here.")
    show_id: int | None = Field(description="The show, if only this one is on sale here.")
    phase: Literal["before", "prequeue", "drawing", "open", "closed", "off"]
    prequeue_from: Moment = Field(description="From this time on people can join.")
    opens_at: Moment = Field(description="The draw is held, and the first people are let in.")
    is_lottery: bool
    seed: str | None = Field(
        description="Of the draw, in hex; null before it, empty if turns go by arrival."
    )
    early: int | None = Field(description="How many numbers took part in the draw.")
    called_upto: int = Field(description="The last turn that was called.")
    rate: int = Field(description="At most this many people are let in each minute.")
    now: Moment = Field(description="The site's clock.")

    @classmethod
    def of(cls, page: SalePage, state: SharedState) -> "WaitingRoomOut":
        zone, _ = page.clock
        found = state._asdict()
        for name in ("prequeue_from", "opens_at", "now"):
            found[name] = found[name].astimezone(zone)
        sale = page.sale
        return cls(id=sale.pk, movie_id=sale.movie_id, show_id=sale.show_id, **found)


class PlaceOut(Out):
    waiting_room_id: int
    status: PlaceStatus
    number: int = Field(description="The order of arrival.")
    turn: int | None = Field(description="The order of admission; null before the draw.")
    ahead: int | None = Field(
        description="At most this many people are called before; null before the draw."
    )
    joined_at: Moment
    enter_before: Moment | None = Field(description="If called: until when to enter.")
    pass_ends_at: Moment | None = Field(description="If entered: until when seats can be held.")

    @classmethod
    def of(cls, place: Place, page: SalePage) -> "PlaceOut":
        zone, _ = page.clock

        def local(moment: datetime | None) -> datetime | None:
            return moment and moment.astimezone(zone)

        up_to = place_in_line(place, page.sale)
        return cls(
            waiting_room_id=place.on_sale_id,
            status=_status(place, page.sale),
            number=place.number,
            turn=page.sale.turn_of(place.number),
            ahead=up_to and up_to - 1,
            joined_at=place.joined_at.astimezone(zone),
            enter_before=local(place.call_ends_at),
            pass_ends_at=local(place.pass_ends_at),
        )


class PassOut(Out):
    on_sale_pass: str = Field(
        description="Send it as X-On-Sale-Pass with POST /api/bookings.", serialization_alias="pass"
    )
    ends_at: Moment


def _status(place: Place, sale: OnSale) -> PlaceStatus:
    if place.done_at:
        return "over"
    if place.called_at:
        return "entered" if place.entered_at else "called"
    return "waiting" if sale.turn_of(place.number) is None else "in_line"
