"""Shows and seats."""

from datetime import UTC, datetime, time
from functools import partial
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from accounts.authentication import AdminToken
from accounts.requests import ApiRequest
from bookmyshow.core.api.openapi import problems
from bookmyshow.core.api.paging import PageOf
from bookmyshow.core.api.responses import answer, list_text, text_answer
from bookmyshow.core.api.schemas import Answer, List, PathId
from bookmyshow.core.cache import Group
from bookmyshow.core.errors import InvalidInput, NotFound
from bookmyshow.core.time import database_now, local_day
from movies.api import ADDED, DELETED
from movies.models import Movie

from . import services
from .listings import home_lists
from .models import Screen, Seat, Show
from .schemas import SeatOut, ShowIn, ShowOut, ShowQuery, ShowWithSeatsOut
from .seating.plan import PlanError
from .seatmap import current as seatmap

router = Router(tags=["Shows"])


@router.get("", response={200: List[ShowOut]}, openapi_extra=problems(public=True))
def list_shows(request: HttpRequest, query: Query[ShowQuery]) -> HttpResponse:
    """Coming shows, soonest first."""
    return coming_shows(query)


@router.get("/upcoming/list", response={200: List[ShowOut]}, openapi_extra=problems(public=True))
def list_upcoming_shows(request: HttpRequest, query: Query[ShowQuery]) -> HttpResponse:
    """Coming shows, soonest first; the same as /api/shows."""
    return coming_shows(query)


@router.get(
    "/{id}",
    response={200: Answer[ShowWithSeatsOut]},
    openapi_extra=problems("NOT_FOUND", public=True),
)
def read_show(request: HttpRequest, id: PathId) -> HttpResponse:
    """A show and every seat, past and cancelled shows too."""
    show = Show.objects.with_film().filter(pk=id).first()
    if show is None:
        raise NotFound("There is no such show.")
    seats = [
        SeatOut.of(seat, show)
        for seat in Seat.objects.filter(show=show).with_holder().in_plan_order()
    ]
    # Counted from the seats in this answer, so that both always agree.
    show.free_seats = sum(seat.is_available for seat in seats)
    return answer(ShowWithSeatsOut.of(show, seats=seats), public=True)


@router.post(
    "",
    auth=AdminToken(),
    response={201: Answer[ShowOut]},
    openapi_extra=problems(
        *("PRICE_TOO_FINE", "NOT_FOUND", "SHOW_OVERLAPS", "MOVIE_NOT_SCHEDULABLE", "ARCHIVED")
    ),
)
def create_show(request: ApiRequest, show: ShowIn) -> HttpResponse:
    """Schedule a film on a screen; the seats are made from the screen's plan."""
    movie = Movie.objects.filter(pk=show.movie_id).first()
    screen = Screen.objects.select_related("cinema").filter(pk=show.screen_id).first()
    if movie is None or screen is None:
        raise NotFound(f"There is no such {'screen' if movie else 'film'}.")
    try:
        created = services.create_show(
            movie=movie,
            screen=screen,
            starts_at=_start(show, screen.cinema.tz),
            standard_price=show.standard_price,
            premium_price=show.premium_price,
            format=show.format,
            language=show.language or "",
            by=request.auth,
            what=ADDED,
        )
    except PlanError as error:
        raise _invalid("screenId", f"The screen's seating plan can't be read. {error}") from error
    created.free_seats = created.available_seats
    return answer(ShowOut.of(created), 201)


@router.delete(
    "/{id}",
    auth=AdminToken(),
    response={204: None},
    openapi_extra=problems("NOT_FOUND", "SHOW_HAS_BOOKINGS", "SHOW_BUSY"),
)
def delete_show(request: ApiRequest, id: PathId) -> HttpResponse:
    """Delete a show that never had a booking."""
    show = Show.objects.with_film().filter(pk=id).first()
    if show is None:
        raise NotFound("There is no such show.")
    services.delete_show(show=show, by=request.auth, what=DELETED)
    return HttpResponse(status=204)


def _start(show: ShowIn, zone: ZoneInfo) -> datetime:
    """The start in the cinema's time zone. Raises InvalidInput if it is in the past, too far ahead,
    or in the hour that is skipped when the clocks go forward."""
    now = database_now()
    today = local_day(now, zone)
    if not today <= show.show_date <= today + services.FURTHEST_SHOW:
        raise _invalid("showDate", "Choose a day from today on, within two years.")
    starts_at = datetime.combine(show.show_date, time.fromisoformat(show.show_time), zone)
    # A time that the clocks skip does not exist: converted to UTC and back, it is another time.
    if starts_at.astimezone(UTC).astimezone(zone).time() != starts_at.time():
        raise _invalid("showTime", "The clocks go forward that night: there is no such time.")
    if starts_at <= now:
        raise _invalid("showTime", "That time has passed.")
    return starts_at


def _invalid(field: str, message: str) -> InvalidInput:
    return InvalidInput(f"{field}: {message}", details={field: [message]})


def coming_shows(query: ShowQuery) -> HttpResponse:
    """A page of coming shows, cached until a seat, the schedule or a film changes, at most 5 s.

    When a hold lapses or a show starts, nothing is written, so the cached page does not change
    until the 5 s (POINTER_SECONDS) are over.
    """
    films, seats = Group(home_lists.GROUP), Group(seatmap.LISTS)
    text = films.get_or_compute(
        f"{seats.prefix}:{query.model_dump_json()}",
        partial(_list_text, query),
        seconds=seatmap.POINTER_SECONDS,
    )
    return text_answer(text, public=True)


def _list_text(query: ShowQuery) -> str:
    now = database_now()
    shows = Show.objects.upcoming(at=now).matching(city=query.city)
    if query.movie_id:
        shows = shows.filter(movie=query.movie_id)
    if query.cinema_id:
        shows = shows.filter(screen__cinema=query.cinema_id)
    if query.date:
        shows = shows.on_date(query.date)
    page = PageOf(shows.with_free_seats(at=now).with_names(), query)
    return list_text([ShowOut.of(show) for show in page.rows], page.pagination)
