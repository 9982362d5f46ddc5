"""The staff page that lists coming shows with older times or seats, and recomputes them."""

from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.requests import AuthenticatedRequest
from bookmyshow.core.staff.access import staff_with
from bookmyshow.core.time import database_now
from shows.errors import ShowBusy
from shows.models import Show, ShowQuerySet

from .recompute import Outdated, digest, outdated, recompute

ROWS_SHOWN = 150
#: The page's query parameters, and the lookup of a show that each one filters.
OF = {"movie": "movie", "screen": "screen", "cinema": "screen__cinema"}
CHANGED = (
    "Nothing was changed: the schedule changed since this page was loaded. It is now as below."
)


@require_http_methods(["GET", "POST"])
@staff_with("shows.schedule_shows")
def recompute_shows(request: AuthenticatedRequest) -> HttpResponse:
    """List the changes to the shows of a film, screen or cinema, and make them on POST.

    If the list has changed since the page was loaded, a POST only shows the new list.
    """
    found = outdated(_shows(request), at=database_now())
    if request.method == "POST":
        if request.POST.get("seen") == digest(found):
            return _recomputed(request, request.user, found)
        messages.warning(request, CHANGED)
    context = {
        **admin.site.each_context(request),
        "title": "Recompute shows",
        "found": found[:ROWS_SHOWN],
        "count": len(found),
        "able": sum(one.can_change for one in found),
        "seen": digest(found),
    }
    return render(request, "shows/schedule/recompute.html", context)


def warn_about_outdated_shows(request: HttpRequest, **of: Any) -> None:
    """After a change of `screen` or `cinema`: warn how many coming shows keep the old values."""
    ((kind, thing),) = of.items()
    shows = Show.objects.filter(**{OF[kind]: thing})
    warn_about_old_shows(request, len(outdated(shows, at=database_now())), **{kind: thing.pk})


def warn_about_old_shows(request: HttpRequest, count: int, **of: int) -> None:
    """Add a message: `count` coming shows of a film, screen or cinema keep the old values."""
    if not count:
        return
    told = "1 coming show keeps" if count == 1 else f"{count} coming shows keep"
    words = f"{told} the times and seats of before."
    if request.user.has_perm("shows.schedule_shows"):
        address = f"{reverse('staff-recompute')}?{urlencode(of)}"
        link = format_html('<a href="{}">See which, and recompute them</a>', address)
        words = format_html("{} {}", words, link)
    messages.warning(request, words)


def _recomputed(request: HttpRequest, by: User, found: list[Outdated]) -> HttpResponse:
    try:
        done = recompute(by=by, found=found)
    except ShowBusy as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"Recomputed: {len(done)} show{'' if len(done) == 1 else 's'}.")
    return redirect(f"{reverse('staff-recompute')}?{request.GET.urlencode()}")


def _shows(request: HttpRequest) -> ShowQuerySet:
    """The shows of the id in `?movie=`, `?screen=` or `?cinema=`. Raises Http404 without an id."""
    for name, path in OF.items():
        value = request.GET.get(name, "")
        if value.isascii() and value.isdecimal() and len(value) < 19:
            return Show.objects.filter(**{path: int(value)})
    raise Http404("Of which film, screen or cinema?")
