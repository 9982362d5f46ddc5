"""Pages of the cash-up: a cinema's day by clerk, the count of a drawer, and the CSV."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin.views.decorators import staff_member_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import User
from accounts.requests import AuthenticatedRequest
from bookings.errors import BookingError
from bookmyshow.core.observability.security_log import log_event
from bookmyshow.core.staff import audit
from bookmyshow.core.time import A_DAY, business_day, database_now
from shows.models import Cinema

from .cash_up import Drawer, declare, drawers, together, words
from .cash_up_csv import write_csv
from .forms import CountForm, plain
from .frames import frame
from .models import CashUp
from .places import Place, place_of

Given = ParamSpec("Given")
TAKE, SEE_ALL, COUNT_ALL = "counter.take_money", "counter.view_cashup", "counter.oversee_counter"
#: The most days of one CSV.
MOST_DAYS = 92
View = Callable[Concatenate[AuthenticatedRequest, Given], HttpResponse]


def cash_up_staff(view: View[Given]) -> View[Given]:
    """Decorator: only for clerks, and for staff who may see all drawers."""

    @wraps(view)
    @never_cache
    def guarded(
        request: AuthenticatedRequest, *args: Given.args, **kwargs: Given.kwargs
    ) -> HttpResponse:
        if not (request.user.has_perm(TAKE) or request.user.has_perm(SEE_ALL)):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return staff_member_required(guarded)


@dataclass(frozen=True, slots=True)
class Board:
    """A cinema's day, as this person may see it. `chosen` is the drawer to count, if any."""

    cinema: Cinema
    day: date
    today: date
    drawers: list[Drawer]
    chosen: Drawer | None
    may_count: bool

    @property
    def counted_at(self) -> datetime | None:
        """When the chosen drawer was counted, on the cinema's clock."""
        count = self.chosen.cash_up if self.chosen else None
        return count.created_at.astimezone(self.cinema.tz) if count else None

    @property
    def address(self) -> str:
        """Of this board with this drawer."""
        values = {"cinema": self.cinema.slug, "day": self.day.isoformat()}
        if self.chosen:
            values["clerk"] = str(self.chosen.clerk.pk)
        return f"{reverse('bookings:counter-cash-up')}?{urlencode(values)}"


@require_http_methods(["GET", "POST"])
@cash_up_staff
def cash_up(request: AuthenticatedRequest) -> HttpResponse:
    """A cinema's day: the drawers, and the form to count one of them. A POST stores a count."""
    place = place_of(request)
    board = _board(request, place)
    drawer, form = board.chosen, None
    if drawer and board.may_count:
        replaces = drawer.cash_up.pk if drawer.cash_up else None
        currency = board.cinema.currency
        first = {"replaces": replaces, "opening": plain(drawer.opening, currency)}
        form = CountForm(request.POST or None, currency=currency, initial=first)
        if request.method == "POST" and form.is_valid():
            return _declare(request, board, drawer, form)
    elif request.method == "POST":
        raise PermissionDenied
    context = {
        **frame(place, "cash-up", "Cash-up"),
        "board": board,
        "together": together(board.drawers) if len(board.drawers) > 1 else None,
        "before": board.day - A_DAY,
        "after": board.day + A_DAY,
        "form": form,
    }
    return render(request, "bookings/counter/cash_up.html", context)


def _declare(
    request: AuthenticatedRequest, board: Board, drawer: Drawer, form: CountForm
) -> HttpResponse:
    try:
        stored = declare(
            by=request.user,
            cinema=board.cinema,
            clerk=drawer.clerk,
            day=board.day,
            count=form.count(),
        )
    except BookingError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"The count is stored: {words(stored)}.")
    return redirect(board.address)


@require_GET
@cash_up_staff
def as_csv(request: AuthenticatedRequest) -> HttpResponse:
    """The drawers from `first` to `last` as CSV: a line for each clerk and day."""
    cinema = _cinema(place_of(request))
    today = business_day(database_now(), cinema.tz)
    first, last = (_day(request, name, today) for name in ("first", "last"))
    last = min(max(first, last), first + MOST_DAYS * A_DAY)
    audit.record_list(
        by=request.user, model=CashUp, what=f"Cash-up of {cinema}, {first} to {last}, as CSV."
    )
    log_event("export", request=request, account=request.user.get_username(), what="cash-up")
    response = HttpResponse(content_type="text/csv")
    response["Content-Disposition"] = f'attachment; filename="cash-up-{cinema.slug}-{first}.csv"'
    write_csv(response, cinema, _visible(request.user, cinema, first, last))
    return response


def _board(request: AuthenticatedRequest, place: Place) -> Board:
    cinema, user = _cinema(place), request.user
    today = business_day(database_now(), cinema.tz)
    day = _day(request, "day", today)
    found = _visible(user, cinema, day, day)
    chosen = _chosen(request, found)
    if chosen is None and user.has_perm(TAKE):
        own = (drawer for drawer in found if drawer.clerk == user)
        chosen = next(own, None) or Drawer(day=day, clerk=user)
    is_own = chosen is not None and chosen.clerk == user and user.has_perm(TAKE)
    may_count = day <= today and (is_own or user.has_perm(COUNT_ALL))
    return Board(cinema, day, today, found, chosen, may_count)


def _chosen(request: AuthenticatedRequest, found: list[Drawer]) -> Drawer | None:
    """The drawer of the clerk in the address."""
    wanted = request.GET.get("clerk")
    return next((drawer for drawer in found if str(drawer.clerk.pk) == wanted), None)


def _visible(user: User, cinema: Cinema, first: date, last: date) -> list[Drawer]:
    """All drawers of these days, or only the person's own."""
    clerk = None if user.has_perm(SEE_ALL) else user
    return drawers(cinema=cinema, first=first, last=last, clerk=clerk)


def _cinema(place: Place) -> Cinema:
    if place.cinema is None:
        raise Http404("There is no cinema yet.")
    return place.cinema


def _day(request: HttpRequest, name: str, today: date) -> date:
    """The day in the address; today if it is missing, not a day, or still to come."""
    try:
        day = parse_date(request.GET.get(name, ""))
    except ValueError:
        day = None
    return min(day or today, today)
