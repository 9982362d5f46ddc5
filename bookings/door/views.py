"""Pages of the door: choose a show, then scan or type tickets."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Concatenate, ParamSpec, TypeVar

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.requests import AuthenticatedRequest
from accounts.staff.sessions import background
from bookings.errors import ShowBusy
from bookings.models import Admission
from bookings.tickets.reading import was_typed
from bookmyshow.core.htmx import redirect_whole_page
from bookmyshow.core.security import PERMISSIONS_AT_THE_DOOR
from bookmyshow.core.time import database_now, local_day
from shows.models import Cinema, Show

from . import services as door

Given = ParamSpec("Given")
Request = TypeVar("Request", bound=HttpRequest)
LAST_SHOWN = 5
CINEMA_CHOSEN = "door_cinema"
LONGEST_TICKET = 200


def door_staff(
    view: Callable[Concatenate[Request, Given], HttpResponse],
) -> Callable[Concatenate[Request, Given], HttpResponse]:
    """Decorator: only staff who may admit people get the page. The page may use the camera.

    Others are sent to the log-in page, or get a 403 if they are logged in.
    """

    @wraps(view)
    @never_cache
    def guarded(request: Request, *args: Given.args, **kwargs: Given.kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            login = redirect_to_login(reverse("bookings:door"))
            return redirect_whole_page(request, login.url)
        if not (request.user.is_staff and request.user.has_perm("bookings.add_admission")):
            raise PermissionDenied
        response = view(request, *args, **kwargs)
        response["Permissions-Policy"] = PERMISSIONS_AT_THE_DOOR
        return response

    return guarded


@require_GET
@door_staff
def shows(request: HttpRequest) -> HttpResponse:
    """The shows at the door of one cinema. The session remembers the cinema."""
    cinemas = list(Cinema.objects.filter(archived_at=None))
    slug = request.GET.get("cinema") or request.session.get(CINEMA_CHOSEN)
    chosen = next((c for c in cinemas if c.slug == slug), cinemas[0] if cinemas else None)
    if chosen and request.session.get(CINEMA_CHOSEN) != chosen.slug:
        request.session[CINEMA_CHOSEN] = chosen.slug
    now = database_now()
    tonight = door.shows_at_the_door(at=now).filter(screen__cinema=chosen)
    today = local_day(now, chosen.tz) if chosen else None
    context = {"cinemas": cinemas, "cinema": chosen, "shows": tonight, "today": today}
    return render(request, "bookings/door/shows.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@door_staff
def check(request: AuthenticatedRequest, show_id: int) -> HttpResponse:
    """The door of one show. A POST checks one ticket."""
    return _at_the_door(request, show_id, door.admit)


@require_POST
@door_staff
def let_in(request: AuthenticatedRequest, show_id: int) -> HttpResponse:
    """Let people in who have not paid."""
    if not request.user.has_perm("counter.admit_unpaid"):
        raise PermissionDenied
    return _at_the_door(request, show_id, partial(door.admit, unpaid=True))


@require_POST
@door_staff
def undo(request: AuthenticatedRequest, show_id: int) -> HttpResponse:
    if not request.user.has_perm("bookings.delete_admission"):
        raise PermissionDenied
    return _at_the_door(request, show_id, door.undo_admission)


@background
@require_GET
@door_staff
def count(request: HttpRequest, show_id: int) -> HttpResponse:
    """The number of admitted people. The page polls it, because other doors admit too."""
    response = render(request, "bookings/door/check.html#count", _attendance(show_id))
    response["X-Door"] = "answer"
    return response


def _at_the_door(
    request: AuthenticatedRequest, show_id: int, act: Callable[..., door.Verdict]
) -> HttpResponse:
    context: dict[str, object] = {}
    status = 200
    if request.method == "POST":
        ticket = request.POST.get("ticket", "")[:LONGEST_TICKET].replace("\0", "")
        get_object_or_404(Show, pk=show_id)
        try:
            context["verdict"] = act(by=request.user, ticket=ticket, show_id=show_id)
            context |= {"ticket": ticket, "was_typed": was_typed(ticket)}
        except ShowBusy as error:
            context["busy"], status = error.message, 409
    context |= _attendance(show_id)
    part = "#answer" if request.headers.get("HX-Request") else ""
    response = render(request, f"bookings/door/check.html{part}", context, status=status)
    # door.js ignores answers without this header, for example the log-in page of a public network.
    response["X-Door"] = "answer"
    return response


def _attendance(show_id: int) -> dict[str, object]:
    shows = Show.objects.with_film()
    show = get_object_or_404(door.with_attendance(shows), pk=show_id)
    last = list(Admission.objects.of_show(show_id)[:LAST_SHOWN])
    zone = show.screen.cinema.tz
    return {
        "show": show,
        "last_in": [(entry, entry.admitted_at.astimezone(zone)) for entry in last],
    }
