import json
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil

from django.conf import settings
from django.db.models import DurationField, ExpressionWrapper, F
from django.db.models.functions import Now
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_htmx.http import HTMX_STOP_POLLING

from accounts.guests.session import buyer
from accounts.models import User
from accounts.staff.sessions import background
from shows.booking_fee import ShownPrices, shown_prices
from shows.links import filter_query
from shows.models import Seat, Show
from shows.waiting_room.visitor_pass import let_in, own_pass, signed_pass

from . import best_seats, show_cache
from . import current as seatmap
from . import markup as drawing
from .current import SeatMap
from .forms import PartyForm
from .live import stream_url
from .markup import FREE, HELD_FOR_YOU, MapSeat


@require_safe
@never_cache
def show(request: HttpRequest, show_id: int) -> HttpResponse:
    """The seat map. `?seats=C7,C8` ticks these seats, `?party=3` the best three seats.

    Without the pass that an on-sale asks for, the visitor goes to its waiting room; whose turn has
    ended, to their own page there.
    """
    on_sale_id = show_cache.show_or_404(show_id).on_sale_id
    if on_sale_id and own_pass(request, on_sale_id) is None:
        page = "place" if signed_pass(request, on_sale_id) else "room"
        return redirect(f"waiting_room:{page}", on_sale_id)
    asked = [label for label in request.GET.get("seats", "").split(",") if label]
    chosen = asked[: settings.MAX_SEATS_PER_BOOKING]
    if "party" in request.GET:
        return _best_seats(request, show_id)
    return show_page(request, show_id, chosen=chosen)


@background
@require_safe
def seats(request: HttpRequest, show_id: int) -> HttpResponse:
    """The poll: 204 if the version is still current, else the map.

    A final map has status 286, at which htmx stops polling. The view reads no session, so the
    answer is the same for every viewer.
    """
    shown = request.GET.get("v", "")
    if shown and shown == seatmap.current_version(show_id) and not seatmap.is_final(shown):
        return unchanged()
    current = map_or_404(show_id)
    if shown == current.version and not current.is_final:
        return unchanged()
    status = HTMX_STOP_POLLING if current.is_final else 200
    return HttpResponse(current.html, status=status, headers={"Cache-Control": "no-store"})


@require_safe
@never_cache
def own(request: HttpRequest, show_id: int) -> HttpResponse:
    """The viewer's hold at this show. An open page asks for it: another tab may have changed it."""
    context = own_context(show_cache.show_or_404(show_id), own_hold(buyer(request), show_id))
    return render(request, "shows/seatmap/show.html#own-hold", context)


def map_or_404(show_id: int) -> SeatMap:
    """The current map. Raises Http404."""
    try:
        return seatmap.current_map(show_id)
    except Show.DoesNotExist as error:
        raise Http404("There is no such show.") from error


def unchanged() -> HttpResponse:
    """204 without a body. At a 304, htmx 2 would empty the map."""
    response = HttpResponse(status=204, headers={"Cache-Control": "no-store"})
    del response["Content-Type"]
    return response


@dataclass(frozen=True, slots=True)
class OwnHold:
    """The seats that the viewer holds at a show, and the time left."""

    reference: str = ""
    seats: list[MapSeat] = field(default_factory=list)
    lapses_in: timedelta = timedelta()

    @property
    def labels(self) -> list[str]:
        return [seat.label for seat in self.seats]

    @property
    def seconds(self) -> int:
        return ceil(self.lapses_in.total_seconds())


def own_hold(user: User | None, show_id: int) -> OwnHold:
    """The live hold of this person at the show; without seats if there is none."""
    if user is None:
        return OwnHold()
    rows = list(
        Seat.objects.held_by(user, show_id)
        .annotate(
            lapses_in=ExpressionWrapper(
                F("booking__expires_at") - Now(), output_field=DurationField()
            )
        )
        .values_list("booking__reference", "lapses_in", *MapSeat._fields[:-1])
    )
    if not rows:
        return OwnHold()
    reference, lapses_in, *_ = rows[0]
    return OwnHold(reference, [MapSeat._make((*seat, FREE)) for _, _, *seat in rows], lapses_in)


def own_context(screening: Show, hold: OwnHold) -> dict[str, object]:
    """Context for the line about the viewer's hold, with the seats' accessible names by label."""
    names = drawing.seat_names(shown_prices(screening))
    own_names = {
        seat.label: f"{seat.label}{names[seat.seat_type, seat.is_wheelchair]}{HELD_FOR_YOU}"
        for seat in hold.seats
    }
    return {"show": screening, "own": hold, "own_names": json.dumps(own_names)}


def show_page(
    request: HttpRequest,
    show_id: int,
    *,
    chosen: Collection[str] = (),
    problem: str = "",
    party: PartyForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page of a show. `chosen`: seats to tick if free. `problem`: an error to show."""
    screening = show_cache.show_or_404(show_id)
    prices = shown_prices(screening)
    current = map_or_404(show_id)  # 404 for a deleted show, which may still be cached
    hold = own_hold(buyer(request), show_id)
    html, ticked = _for_viewer(current, screening, hold, chosen)
    lost = [] if current.is_final else [c for c in dict.fromkeys(chosen) if c not in ticked]
    context = {
        **own_context(screening, hold),
        **_times_asked_for(request, screening),
        "let_in": let_in(request, screening),
        **_map_context(current, html, ticked, prices),
        "problem": problem or (seats_lost_text(lost) if lost else ""),
        **_party_context(party, drawing.kinds_of_seat(current.html)),
        "found": party is not None and bool(ticked),
        "wheelchair": _wheelchair_is_known(request, hold),
        "form_token": secrets.token_urlsafe(12),
        "stream_url": stream_url(request, show_id),
    }
    return render(request, "shows/seatmap/show.html", context, status=status)


def _map_context(
    current: SeatMap, html: str, ticked: list[str], prices: ShownPrices
) -> dict[str, object]:
    """Context for the map in `html`, and for the line that sums up the ticked seats."""
    return {
        "map_html": html,
        "ticked": ticked,
        "prices": prices,
        "ticked_line": drawing.choice_line(html, prices) if ticked else "",
        "has_choice": drawing.has_choice(html),
        "is_final": current.is_final,
    }


def _party_context(party: PartyForm | None, kinds: list[str]) -> dict[str, object]:
    """The form for the best seats, and the limits that the page names."""
    return {
        "party_form": PartyForm(party.data if party else None, kinds=kinds),
        "kinds": kinds,
        "max_seats": settings.MAX_SEATS_PER_BOOKING,
        "hold_minutes": settings.BOOKING_EXPIRY_MINUTES,
    }


def _times_asked_for(request: HttpRequest, screening: Show) -> dict[str, object]:
    """The filters that the visitor set on the film's page, and the link back to that page."""
    asked = {name: request.GET.get(name, "") for name in ("city", "format", "language")}
    return {
        "asked": asked,
        "asked_query": filter_query(**asked),
        "times_url": screening.other_times(**asked),
    }


def _wheelchair_is_known(request: HttpRequest, hold: OwnHold) -> bool:
    """Whether the viewer said that a wheelchair place is needed, or holds one."""
    return (
        request.GET.get("kind") == drawing.WHEELCHAIR
        or "wheelchair" in request.GET
        or "wheelchair" in request.POST
        or any(seat.is_wheelchair for seat in hold.seats)
    )


def _for_viewer(
    current: SeatMap, screening: Show, hold: OwnHold, chosen: Collection[str]
) -> tuple[str, list[str]]:
    """The map with the viewer's own seats and choice, and the labels that are ticked."""
    if current.is_final:
        return current.html, []
    names = drawing.seat_names(shown_prices(screening))
    chosen = chosen or hold.labels
    return drawing.personalise(current.html, mine=hold.seats, chosen=chosen, names=names)


def seats_lost_text(labels: list[str]) -> str:
    """The message for chosen seats that are not free."""
    names = ", ".join(labels)
    if len(labels) == 1:
        return f"{names} is not free any more. Please choose another seat."
    return f"{names} are not free any more. Please choose other seats."


def _best_seats(request: HttpRequest, show_id: int) -> HttpResponse:
    form = PartyForm(request.GET)
    if not form.is_valid():
        problem = "Choose how many of you there are, and a kind of seat from the list."
        return show_page(request, show_id, problem=problem, party=form)
    party, kind = form.cleaned_data["party"], form.cleaned_data["kind"]
    try:
        reading = seatmap.read(show_id)
    except Show.DoesNotExist as error:
        raise Http404 from error
    mine = set(own_hold(buyer(request), show_id).labels)
    free = [seat._replace(state=FREE) if seat.label in mine else seat for seat in reading.seats]
    labels = best_seats.best_seats(free, party, kind)
    problem = "" if labels else none_found_text(party, kind)
    return show_page(request, show_id, chosen=labels, problem=problem, party=form)


def none_found_text(party: int, kind: str) -> str:
    """The message when no such seats are free."""
    if kind == drawing.WHEELCHAIR:
        if party == 1:
            return "No wheelchair place is left at this show."
        return (
            f"No wheelchair place with room for {party} side by side is left. Choose the place and"
            " the seats nearest to it on the map."
        )
    named = f"{kind} " if kind else ""
    if party == 1:
        return f"No {named}seat is left. Try another kind." if kind else "No seat is left."
    return (
        f"No {party} {named}seats side by side are left."
        f" Try a smaller party{' or another kind' if kind else ''}, or pick them yourself."
    )
