"""Schemas of the API for shows and seats."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from pydantic import Field

from bookmyshow.core.api.paging import PageQuery
from bookmyshow.core.api.schemas import (
    BodyDecimal,
    BodyId,
    Day,
    In,
    Line,
    Moment,
    Money,
    Out,
    QueryId,
)
from movies.models import Movie
from movies.schemas import MovieOut

from .booking_fee import shown_fee
from .models import Cinema, FeePer, Seat, Show


class ShowQuery(PageQuery):
    movie_id: QueryId | None = Field(None, alias="movieId")
    cinema_id: QueryId | None = Field(None, alias="cinemaId")
    city: Annotated[Line, Field(max_length=100)] = Field("", examples=["Mumbai"])
    date: Day | None = Field(None, description="On the cinema's calendar, as `showDate`.")


Price = Annotated[
    BodyDecimal,
    Field(ge=0, max_digits=8, decimal_places=2, examples=["350.00"]),
]


class ShowIn(In):
    movie_id: BodyId
    screen_id: BodyId
    show_date: Day = Field(description="In the cinema's zone, as `showTime`.")
    show_time: Line = Field(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["19:30"])
    standard_price: Price
    premium_price: Price
    format: Annotated[Line, Field(min_length=1, max_length=20)] = Field("2D", examples=["IMAX"])
    language: Annotated[Line, Field(max_length=40)] | None = Field(
        None, description="The film's, where none is given.", examples=["Hindi"]
    )


class CinemaOut(Out):
    id: int
    name: str
    city: str

    @classmethod
    def of(cls, cinema: Cinema) -> "CinemaOut":
        return cls(id=cinema.pk, name=cinema.name, city=cinema.city)


class ShowOut(Out):
    id: int
    movie_id: int
    movie_title: str
    cinema: CinemaOut
    screen_id: int
    screen_name: str
    starts_at: Moment
    ends_at: Moment
    show_date: date = Field(description="In the cinema's zone, as `showTime`.")
    show_time: str = Field(pattern=r"^[0-2][0-9]:[0-5][0-9]$", examples=["19:30"])
    format: str
    language: str
    total_seats: int
    available_seats: int
    standard_price: Money
    premium_price: Money
    currency: str
    booking_fee: Money = Field(
        description="Added when paying online, tax included; 0.00 if there is none."
    )
    booking_fee_per: Literal["ticket", "order"]
    status: Literal["SCHEDULED", "CANCELLED"]

    @classmethod
    def of(cls, show: Show, **more: Any) -> "ShowOut":
        """Needs `free_seats`, and movie, screen and cinema loaded."""
        fee, per = shown_fee(show.screen.cinema), show.screen.cinema.booking_fee_per
        return cls(
            id=show.pk,
            movie_id=show.movie_id,
            movie_title=show.movie.title,
            cinema=CinemaOut.of(show.screen.cinema),
            screen_id=show.screen_id,
            screen_name=show.screen.name,
            starts_at=show.local_start,
            ends_at=show.local_end,
            show_date=show.local_day,
            show_time=f"{show.local_start:%H:%M}",
            format=show.format,
            language=show.language,
            total_seats=show.total_seats,
            available_seats=show.free_seats,
            standard_price=show.standard_price,
            premium_price=show.premium_price,
            currency=show.currency,
            booking_fee=fee.amount if fee else Decimal(0),
            booking_fee_per="order" if per == FeePer.ORDER else "ticket",
            status="CANCELLED" if show.is_cancelled else "SCHEDULED",
            **more,
        )


class SeatOut(Out):
    id: int
    seat_row: str = Field(examples=["A"])
    seat_number: str = Field(description="The label on the ticket.", examples=["A1"])
    seat_type: Literal["standard", "premium"]
    is_wheelchair: bool
    price: Money
    is_available: bool

    @classmethod
    def of(cls, seat: Seat, show: Show) -> "SeatOut":
        """Needs `with_holder`."""
        return cls(
            id=seat.pk,
            seat_row=seat.row,
            seat_number=seat.label,
            seat_type="premium" if seat.seat_type == Seat.Type.PREMIUM else "standard",
            is_wheelchair=seat.is_wheelchair,
            price=show.price_of(seat.seat_type),
            is_available=seat.booking_id is None or seat.holder_lapsed,
        )


class ShowWithSeatsOut(ShowOut):
    seats: list[SeatOut] = Field(description="In plan order: front to back, left to right.")


class MovieWithShowsOut(MovieOut):
    shows: list[ShowOut] = Field(description="Coming shows, soonest first.")

    @classmethod
    def with_shows(
        cls, movie: Movie, shows: list[ShowOut], request: HttpRequest
    ) -> "MovieWithShowsOut":
        return cls(**dict(MovieOut.of(movie, request)), shows=shows)
