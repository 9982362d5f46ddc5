"""Pages of the waiting room of an on-sale (docs/spec.md §24.6).

`room` and `state` are the same for everybody, so shared caches keep them. `place` is the visitor's
own page; it needs no script.
"""

from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_POST, require_safe
from limits import parse

from accounts.requests import AuthenticatedRequest
from accounts.staff.sessions import background
from bookmyshow.core.cache import get_or_compute
from bookmyshow.core.errors import DomainError
from bookmyshow.core.rate_limits import Limit, count_attempt
from bookmyshow.core.time import database_now

from . import pages, passes, services
from .errors import OnSaleNotFound
from .models import OnSale, Place, room_path
from .page_cache import cached_page
from .pages import SalePage
from .shared_state import state_of

PRESSES_OF_PERSON = Limit("waiting-room", parse("60 per minute"), in_memory_fallback=False)


@require_safe
@cache_control(public=True, max_age=pages.PAGE_SECONDS)
def room(request: HttpRequest, on_sale_id: int) -> HttpResponse:
    """The waiting page. Its script shows the part that fits the state and the visitor's number."""
    page = get_or_compute(
        f"waiting-page:{on_sale_id}",
        lambda: _page(on_sale_id).shared(),
        seconds=pages.PAGE_SECONDS,
    )
    return HttpResponse(page)


@background
@require_safe
@cache_control(public=True, max_age=1)
def state(request: HttpRequest, on_sale_id: int) -> HttpResponse:
    """How things stand, the same for everybody: the only request of an open waiting page."""
    try:
        shared = state_of(cached_page(on_sale_id).sale, timezone.now())
    except OnSaleNotFound as error:
        raise Http404(error.message) from error
    return JsonResponse(
        {
            "phase": shared.phase,
            "prequeueFrom": shared.prequeue_from.isoformat(),
            "opensAt": shared.opens_at.isoformat(),
            "isLottery": shared.is_lottery,
            "seed": shared.seed,
            "early": shared.early,
            "calledUpto": shared.called_upto,
            "rate": shared.rate,
            "now": shared.now.isoformat(),
        }
    )


@never_cache
@login_required
@require_safe
def place(request: AuthenticatedRequest, on_sale_id: int) -> HttpResponse:
    """The visitor's own page: log in first, then come in, see the place, and go in."""
    return _own_page(request, on_sale_id)


@never_cache
@require_POST
def join(request: HttpRequest, on_sale_id: int) -> HttpResponse:
    """Take a place; pressing twice changes nothing. Then the page that watches the line."""
    if not request.user.is_authenticated:
        return _log_in(on_sale_id)
    return _join(request, on_sale_id)  # type: ignore[arg-type]


@never_cache
@require_POST
def enter(request: HttpRequest, on_sale_id: int) -> HttpResponse:
    """Go in when it is one's turn: the browser gets the pass, and the visitor chooses seats."""
    if not request.user.is_authenticated:
        return _log_in(on_sale_id)
    return _enter(request, on_sale_id)  # type: ignore[arg-type]


def _join(request: AuthenticatedRequest, on_sale_id: int) -> HttpResponse:
    try:
        count_attempt(PRESSES_OF_PERSON, request.user.pk)
        own = services.join(on_sale_id, request.user)
    except OnSaleNotFound as error:
        raise Http404(error.message) from error
    except DomainError as error:
        return _own_page(request, on_sale_id, problem=error)
    # `live` is sent by browsers that run scripts.
    name = "room" if "live" in request.POST else "place"
    return _with_number(redirect(f"waiting_room:{name}", on_sale_id), on_sale_id, own, request)


def _enter(request: AuthenticatedRequest, on_sale_id: int) -> HttpResponse:
    own = Place.objects.filter(on_sale=on_sale_id, user=request.user).first()
    if own is None:
        return redirect("waiting_room:place", on_sale_id)
    try:
        count_attempt(PRESSES_OF_PERSON, request.user.pk)
        text = services.enter(own)
    except DomainError as error:
        return _own_page(request, on_sale_id, problem=error)
    response = redirect(_page(on_sale_id).target)
    passes.set_cookie(response, text, secure=request.is_secure())
    return response


def _own_page(
    request: AuthenticatedRequest, on_sale_id: int, *, problem: DomainError | None = None
) -> HttpResponse:
    page = _page(on_sale_id)
    own = Place.objects.filter(on_sale=on_sale_id, user=request.user).first()
    context = page.own(own, database_now()) | {"problem": problem and problem.message}
    status = problem.status if problem else 200
    response = render(request, "shows/waiting_room/place.html", context, status=status)
    return _with_number(response, on_sale_id, own, request)


def _with_number(
    response: HttpResponse, on_sale_id: int, own: Place | None, request: AuthenticatedRequest
) -> HttpResponse:
    """Give the number to the script of the waiting page, or take an old one from it.

    An old one is of a place that is over, or of another person who used this browser. Their pass is
    of no use any more either.
    """
    name, path = pages.place_cookie(on_sale_id), room_path(on_sale_id)
    if own and own.done_at is None:
        response.set_cookie(
            name,
            str(own.number),
            max_age=pages.NUMBER_KEPT,
            path=path,
            secure=request.is_secure(),
            samesite="Lax",
        )
        return response
    if name in request.COOKIES:
        response.delete_cookie(name, path=path, samesite="Lax")
    if (old_pass := f"{passes.COOKIE}{on_sale_id}") in request.COOKIES:
        response.delete_cookie(old_pass, samesite="Lax")
    return response


def _log_in(on_sale_id: int) -> HttpResponse:
    """To the log-in, and from there to the visitor's own page: a log-in can't repeat a POST."""
    return redirect_to_login(reverse("waiting_room:place", args=[on_sale_id]))


def _page(on_sale_id: int) -> SalePage:
    sale = OnSale.objects.with_names().filter(pk=on_sale_id).first()
    if sale is None:
        raise Http404("There is no such waiting room.")
    return SalePage(sale)
