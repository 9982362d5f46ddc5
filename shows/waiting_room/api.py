"""API of waiting rooms: join, see one's place, enter. The rules are in `services`."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Router

from accounts.authentication import BearerToken
from accounts.models import User
from accounts.requests import ApiRequest
from bookmyshow.core.api.openapi import problems
from bookmyshow.core.api.responses import answer
from bookmyshow.core.api.schemas import Answer, PathId
from bookmyshow.core.rate_limits import count_attempt

from . import services
from .errors import NoPlace
from .models import Place
from .page_cache import cached_page
from .schemas import PassOut, PlaceOut, WaitingRoomOut
from .shared_state import state_of
from .views import PRESSES_OF_PERSON

router = Router(tags=["Waiting rooms"])


@router.get(
    "/{id}",
    response={200: Answer[WaitingRoomOut]},
    openapi_extra=problems("NOT_FOUND", public=True),
)
def read_waiting_room(request: HttpRequest, id: PathId) -> HttpResponse:
    """How things stand, the same for everybody; ask once a second at most.

    Before the draw nobody has a turn. After it, anybody can compute each turn from `seed`.
    """
    page = cached_page(id)
    response = answer(WaitingRoomOut.of(page, state_of(page.sale, timezone.now())), public=True)
    response["Cache-Control"] = "public, max-age=1"
    return response


@router.post(
    "/{id}/place",
    auth=BearerToken(),
    response={200: Answer[PlaceOut]},
    openapi_extra=problems(
        *("NOT_FOUND", "WAITING_ROOM_NOT_OPEN", "SALE_CLOSED", "NO_WAITING_ROOM", "RATE_LIMITED")
    ),
)
def join_waiting_room(request: ApiRequest, id: PathId) -> HttpResponse:
    """Take a place: one for each account. Asking again answers the same place.

    A place that is over is given again, at the end of the line.
    """
    count_attempt(PRESSES_OF_PERSON, request.auth.pk)
    return answer(PlaceOut.of(services.join(id, request.auth), cached_page(id)))


@router.get(
    "/{id}/place",
    auth=BearerToken(),
    response={200: Answer[PlaceOut]},
    openapi_extra=problems("NOT_FOUND"),
)
def read_own_place(request: ApiRequest, id: PathId) -> HttpResponse:
    """One's own place."""
    page = cached_page(id)
    return answer(PlaceOut.of(_own(id, request.auth), page))


@router.post(
    "/{id}/enter",
    auth=BearerToken(),
    response={200: Answer[PassOut]},
    openapi_extra=problems(
        *("NOT_FOUND", "NOT_YOUR_TURN", "TURN_OVER", "SALE_CLOSED", "NO_WAITING_ROOM"),
        "RATE_LIMITED",
    ),
)
def enter_sale(request: ApiRequest, id: PathId) -> HttpResponse:
    """Go in when one's turn is called. Asking again answers the same pass, with the same end."""
    count_attempt(PRESSES_OF_PERSON, request.auth.pk)
    page, place = cached_page(id), _own(id, request.auth)
    text = services.enter(place)
    assert place.pass_ends_at
    ends_at = place.pass_ends_at.astimezone(page.clock[0])
    return answer(PassOut(on_sale_pass=text, ends_at=ends_at))


def _own(on_sale_id: int, user: User) -> Place:
    place = Place.objects.filter(on_sale=on_sale_id, user=user).first()
    if place is None:
        raise NoPlace
    return place
