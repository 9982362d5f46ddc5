"""Staff pages to cancel or move a show. Each lists the affected bookings before the change."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.outbox.models import WAITING, Message
from accounts.requests import AuthenticatedRequest
from accounts.staff.sessions import background
from bookings.errors import BookingError
from bookings.messages.kinds import Kind
from bookings.models import Booking
from bookmyshow.core.htmx import HtmxHttpRequest, page_or_part
from bookmyshow.core.staff.access import staff_with
from bookmyshow.core.time import database_now, moment_on_clock
from shows.cinema_time import CinemaTimeField
from shows.errors import ScheduleError
from shows.models import Show

from .progress import paid_for_show, refund_progress
from .services import cancel_show, move_show, who_is_affected

BOOKINGS_SHOWN = 50


class CancelForm(forms.Form):
    why = forms.CharField(
        label="Why",
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text="A sentence that those with tickets read in their mail. May be empty.",
    )


class MoveForm(CancelForm):
    local_start = CinemaTimeField(label="New time")
    field_order = ("local_start", "why")

    def __init__(self, show: Show, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = show.screen.cinema.tz
        self.fields["local_start"].help_text = f"On the cinema's clock ({self.zone.key})."
        self.fields["local_start"].initial = show.local_start.replace(tzinfo=None)

    def clean_local_start(self) -> datetime:
        moment = moment_on_clock(self.cleaned_data["local_start"], self.zone)
        if moment is None:
            raise forms.ValidationError("The clocks go forward over this time; choose another.")
        return moment


@require_http_methods(["GET", "POST"])
@staff_with("shows.cancel_show")
def cancel(request: AuthenticatedRequest, show_id: int) -> HttpResponse:
    show = _show(show_id)
    form = CancelForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        why = form.cleaned_data["why"]
        done = _do(request, lambda by: cancel_show(by=by, show_id=show_id, why=why))
        if done:
            messages.success(request, f"Cancelled: {done}. A mail tells them.")
            if refund_progress(show_id).all.count:
                return redirect("staff-show-refunds", show_id)
        return redirect("admin:shows_show_change", show_id)
    return _page(request, show, form, title="Cancel a show", is_cancel=True)


@require_http_methods(["GET", "POST"])
@staff_with("shows.move_show")
def move(request: AuthenticatedRequest, show_id: int) -> HttpResponse:
    show = _show(show_id)
    form = MoveForm(show, request.POST or None)
    if request.method == "POST" and form.is_valid():
        starts_at, why = form.cleaned_data["local_start"], form.cleaned_data["why"]
        done = _do(
            request, lambda by: move_show(by=by, show_id=show_id, starts_at=starts_at, why=why)
        )
        if done:
            messages.success(request, f"Moved: {done}. A mail tells them.")
            return redirect("admin:shows_show_change", show_id)
    return _page(request, show, form, title="Move a show", is_cancel=False)


@background
@require_safe
@staff_with("shows.view_show")
def refunds(request: HtmxHttpRequest, show_id: int) -> HttpResponse:
    """How far the refunds of a cancelled show are. The page asks for this part again and again."""
    show = _show(show_id)
    progress = refund_progress(show.pk)
    context = {
        **admin.site.each_context(request),
        "title": "Money back",
        "show": show,
        "progress": progress,
        "currency": show.screen.cinema.currency,
    }
    return page_or_part(request, "bookings/show_changes/refunds.html", "progress", context)


def _do(request: AuthenticatedRequest, act: Callable[[User], Any]) -> Any:
    """Call the service `act` and return its result. If it refuses, show why and return None."""
    try:
        return act(request.user)
    except (ScheduleError, BookingError) as error:
        messages.error(request, error.message)
        return None


def _show(show_id: int) -> Show:
    return get_object_or_404(Show.objects.with_film(), pk=show_id)


def _page(
    request: HttpRequest, show: Show, form: forms.Form, *, title: str, is_cancel: bool
) -> HttpResponse:
    now = database_now()
    sold = Booking.objects.filter(show=show, status=Booking.Status.CONFIRMED)
    context = {
        **admin.site.each_context(request),
        "title": title,
        "show": show,
        "form": form,
        "is_cancel": is_cancel,
        "is_over": show.ends_at <= now if is_cancel else show.has_started(now),
        "affected": who_is_affected(show=show, at=now),
        "paid": paid_for_show(show.pk),
        "progress": refund_progress(show.pk) if show.is_cancelled else None,
        "bookings": sold.select_related("user").order_by("pk")[:BOOKINGS_SHOWN],
        "mails": Message.objects.filter(
            show=show.pk, kind__in=[Kind.SHOW_CANCELLED, Kind.SHOW_MOVED]
        ).aggregate(
            written=Count("pk"),
            waiting=Count("pk", filter=WAITING),
            given_up=Count("given_up_at"),
        ),
    }
    return render(request, "bookings/show_changes/change.html", context)
