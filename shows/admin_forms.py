"""The admin's forms for cinemas, screens and shows."""

from typing import Any
from zoneinfo import available_timezones

from django import forms

from bookmyshow.core.currencies import CURRENCIES
from bookmyshow.core.time import database_now, moment_on_clock

from .cinema_money import refuse_fine_price, refuse_new_currency
from .cinema_time import CinemaTimeField
from .errors import MovieNotSchedulable, PriceTooFine, ScheduleError
from .models import Cinema, Screen, Show
from .models.cinema import default_currency
from .seating.plan import PlanError, parse_plan
from .services import show_end, time_problem
from .tax_numbers import gstin_problem

# The help text lists the time zones of the cities, but not if there are more cities than this.
FEW_CITIES = 8


class CinemaForm(forms.ModelForm):
    timezone = forms.ChoiceField(
        label="Time zone",
        choices=[("", "Choose"), *((name, name) for name in sorted(available_timezones()))],
        help_text="Show times are entered and shown on this clock.",
    )
    currency = forms.ChoiceField(
        choices=[(code, code) for code in sorted(CURRENCIES)],
        initial=default_currency,
        help_text=Cinema._meta.get_field("currency").help_text,
    )

    class Meta:
        model = Cinema
        fields = (
            *("name", "slug", "city", "address", "timezone"),
            *("currency", "booking_fee", "booking_fee_per"),
            *("legal_name", "tax_number", "tax_place"),
        )

    def clean_currency(self) -> str:
        currency: str = self.cleaned_data["currency"]
        before = Cinema.objects.filter(pk=self.instance.pk).first()
        if before and before.currency != currency:
            try:
                refuse_new_currency(before, currency)
            except ScheduleError as error:
                raise forms.ValidationError(error.message) from error
        return currency

    def clean_tax_number(self) -> str:
        return "".join(self.cleaned_data["tax_number"].split()).upper()

    def clean(self) -> dict[str, Any] | None:
        data = super().clean() or self.cleaned_data
        number, place = data.get("tax_number"), data.get("tax_place") or ""
        if number and place.startswith("IN") and (problem := gstin_problem(number)):
            self.add_error("tax_number", problem)
        return data


class ScreenForm(forms.ModelForm):
    class Meta:
        model = Screen
        fields = ("cinema", "name", "cleaning_minutes", "seating_plan")
        # The page explains how to write a plan, so the field has no help text.
        help_texts = {"seating_plan": ""}
        widgets = {
            "seating_plan": forms.Textarea(
                attrs={"class": "plan", "rows": 12, "spellcheck": "false", "wrap": "off"}
            )
        }


class ShowForm(forms.ModelForm):
    """Prices that the cinema's currency can't hold are refused at their fields."""

    def clean(self) -> dict[str, Any] | None:
        data = super().clean() or self.cleaned_data
        screen = data.get("screen") or (self.instance.screen if self.instance.pk else None)
        for name in ("standard_price", "premium_price"):
            if screen and name in data:
                try:
                    refuse_fine_price(data[name], screen.cinema.currency)
                except PriceTooFine as error:
                    self.add_error(name, error.message)
        return data


class NewShowForm(ShowForm):
    """A new show. If it can't be scheduled, the reason is shown at the field that causes it."""

    local_start = CinemaTimeField(label="Starts at")

    class Meta:
        model = Show
        fields = ("movie", "screen", "format", "language", "standard_price", "premium_price")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "local_start" in self.fields:
            self.fields["local_start"].help_text = f"On the cinema's clock{_zones()}."

    def clean(self) -> dict[str, Any] | None:
        data = super().clean() or self.cleaned_data
        if not {"movie", "screen", "local_start"} <= data.keys():
            return data
        starts_at = moment_on_clock(data["local_start"], data["screen"].cinema.tz)
        if starts_at is None:
            self.add_error("local_start", "The clocks go forward over this time; choose another.")
        elif problem := time_problem(starts_at, at=database_now()):
            self.add_error("local_start", problem)
        else:
            data["starts_at"] = starts_at
            self._check_schedule(data)
        return data

    def _check_schedule(self, data: dict[str, Any]) -> None:
        screen = data["screen"]
        try:
            parse_plan(screen.seating_plan)
        except PlanError as error:
            self.add_error("screen", f"Its seating plan can't be read. {error}")
        try:
            _, busy_until = show_end(
                movie=data["movie"], screen=screen, starts_at=data["starts_at"]
            )
        except MovieNotSchedulable as error:
            self.add_error("movie", str(error))
            return
        other = (
            Show.objects.scheduled()
            .filter(screen=screen, starts_at__lt=busy_until, busy_until__gt=data["starts_at"])
            .with_film()
            .first()
        )
        if other:
            until = other.busy_until.astimezone(screen.cinema.tz)
            self.add_error(
                "local_start",
                f"{screen} has {other.movie.title} from {other.local_start:%a %d %b %H:%M} to"
                f" {until:%H:%M} (cleaning included); this show would need it until"
                f" {busy_until.astimezone(screen.cinema.tz):%H:%M}.",
            )


def _zones() -> str:
    cities = dict(Cinema.objects.order_by("city").values_list("city", "timezone"))
    if not 0 < len(cities) <= FEW_CITIES:
        return ""
    return ": " + ", ".join(f"{city} {zone}" for city, zone in cities.items())
