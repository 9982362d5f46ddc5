"""Staff pages for seating plans: the drawing for the editor, and the import of a file."""

import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods, require_POST

from accounts.requests import AuthenticatedRequest
from bookmyshow.core.staff.access import staff_with
from shows.models import Screen
from shows.schedule.recompute_views import warn_about_outdated_shows

from .picture import draw_plan
from .plan import PlanError, parse_plan
from .pretix_format import KINDS, PlanImportError, categories, plan_text
from .services import use_imported_plan

MOST_BYTES = 2_000_000


def picture_of(text: str) -> SafeString:
    """The HTML of a plan: its SVG and the number of seats, or the parser's error message."""
    try:
        seats = parse_plan(text)
    except PlanError as error:
        return format_html('<p class="plan-problem" role="alert">{}</p>', str(error))
    premium = sum(seat.seat_type == "premium" for seat in seats)
    wheelchair = sum(seat.is_wheelchair for seat in seats)
    return format_html(
        "{}<p>{} seats: {} standard, {} premium; {} of them wheelchair places.</p>",
        draw_plan(seats),
        len(seats),
        len(seats) - premium,
        premium,
        wheelchair,
    )


@require_POST
@staff_with("shows.view_screen")
def picture(request: HttpRequest) -> HttpResponse:
    """The picture of the plan that the editor posts. New shows use the same parser."""
    return HttpResponse(picture_of(request.POST.get("plan", "")))


class PlanFileForm(forms.Form):
    file = forms.FileField(
        required=False, label="Plan file", help_text="A seating plan in pretix's JSON format."
    )
    #: Later steps post the content here instead of uploading the file again.
    content = forms.CharField(required=False, widget=forms.HiddenInput, max_length=MOST_BYTES)

    def clean(self) -> dict[str, Any]:
        data, upload = self.cleaned_data, self.cleaned_data.get("file")
        if upload and upload.size > MOST_BYTES:
            raise ValidationError("This file is too large for a seating plan.")
        try:
            text = upload.read().decode() if upload else data.get("content", "")
            data["plan"] = json.loads(text)
            self.categories = categories(data["plan"])
        except (ValueError, RecursionError) as error:
            why = str(error) if isinstance(error, PlanImportError) else "this is not a JSON file."
            raise ValidationError(f"The plan can't be read: {why}") from error
        data["content"] = json.dumps(data["plan"])
        return data


class KindsForm(forms.Form):
    """One field for each category of the plan: its seat type.

    A missing choice is valid here; `plan_text` raises PlanImportError for it.
    """

    def __init__(self, names: list[str], data: Any) -> None:
        super().__init__(data)
        self.names = names
        for number, name in enumerate(names):
            self.fields[f"kind{number}"] = forms.ChoiceField(
                label=name, choices=[("", "Choose"), *KINDS.items()], required=False
            )

    def kinds(self) -> dict[str, str]:
        return {name: self.cleaned_data[f"kind{n}"] for n, name in enumerate(self.names)}


@require_http_methods(["GET", "POST"])
@staff_with("shows.change_screen")
def import_plan(request: AuthenticatedRequest, screen_id: int) -> HttpResponse:
    """Import a plan in steps: a file, a seat type for each category, a preview, then save."""
    screen = get_object_or_404(Screen.objects.select_related("cinema"), pk=screen_id)
    form = PlanFileForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"screen": screen, "form": form, "title": "Import a seating plan"}
    if request.method == "POST" and form.is_valid():
        mapped = "step" in request.POST
        kinds = KindsForm(form.categories, request.POST if mapped else None)
        context |= {"kinds": kinds, "content": form.cleaned_data["content"]}
        if mapped and kinds.is_valid():
            try:
                text = plan_text(form.cleaned_data["plan"], kinds.kinds())
            except PlanImportError as error:
                context["problem"] = str(error)
            else:
                if request.POST["step"] == "use":
                    return _used(request, screen, text)
                context |= {"text": text, "picture": picture_of(text)}
    context |= admin.site.each_context(request)
    return render(request, "shows/seating/import_plan.html", context)


def _used(request: AuthenticatedRequest, screen: Screen, text: str) -> HttpResponse:
    use_imported_plan(screen=screen, text=text, by=request.user)
    messages.success(request, "The plan is the screen's now.")
    warn_about_outdated_shows(request, screen=screen)
    return redirect("admin:shows_screen_change", screen.pk)
