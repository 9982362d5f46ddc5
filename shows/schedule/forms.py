"""The planner's form, and the parser for its list of times."""

import re
from datetime import date, time, timedelta
from functools import partial
from typing import Any

from django import forms

from bookmyshow.core.time import on_business_day
from movies.models import Movie
from shows.models import Screen

from .planner import Plan, times_between

LONGEST_PLAN = timedelta(days=92)
DATE = {"type": "date", "class": "vDateField"}
PRICE: dict[str, Any] = {"min_value": 0, "max_digits": 8, "decimal_places": 2}


def read_times(text: str) -> list[time]:
    """Parse a list of times: "10:00 13:30, 22.15" gives 10:00, 13:30 and 22:15.

    Sorted in the order of a day's programme: times before 04:00 come last. Raises ValueError with a
    message for staff.
    """
    times = []
    for word in re.split(r"[\s,;]+", text.strip()):
        match = re.fullmatch(r"(\d{1,2})[:.](\d{2})", word)
        if not match or int(match[1]) > 23 or int(match[2]) > 59:
            raise ValueError(f"{word!r} is not a time of day; write for example 10:00 13:30 20:15.")
        times.append(time(int(match[1]), int(match[2])))
    if len(set(times)) != len(times):
        raise ValueError("A time is there twice.")
    return sorted(times, key=partial(on_business_day, date.min))


class PlannerForm(forms.Form):
    movies = forms.ModelMultipleChoiceField(
        label="Films",
        queryset=Movie.objects.catalogue().filter(duration_minutes__isnull=False),
        widget=forms.SelectMultiple(attrs={"size": 8}),
        help_text="Several films take turns through the day. Films without a running time are"
        " not here: they have no end.",
    )
    screens = forms.ModelMultipleChoiceField(
        queryset=Screen.objects.filter(cinema__archived_at=None).select_related("cinema"),
        widget=forms.SelectMultiple(attrs={"size": 8}),
        help_text="Each gets the same times, on its own cinema's clock.",
    )
    first_day = forms.DateField(widget=forms.DateInput(attrs=DATE, format="%Y-%m-%d"))
    last_day = forms.DateField(widget=forms.DateInput(attrs=DATE, format="%Y-%m-%d"))
    times = forms.CharField(
        required=False,
        help_text="For example 10:00 13:30 17:00 20:30 00:15. Times before 04:00 are in the night"
        " that follows the day. Or leave it empty and give a spacing:",
    )
    first_start = forms.TimeField(required=False, widget=forms.TimeInput(attrs={"type": "time"}))
    last_start = forms.TimeField(required=False, widget=forms.TimeInput(attrs={"type": "time"}))
    every = forms.IntegerField(
        label="A show every", required=False, min_value=15, max_value=1440, help_text="Minutes."
    )
    format = forms.CharField(max_length=20, initial="2D")
    language = forms.CharField(
        max_length=40, required=False, help_text="The film's own where it is empty."
    )
    standard_price = forms.DecimalField(**PRICE)
    premium_price = forms.DecimalField(**PRICE)

    def clean_times(self) -> list[time]:
        text = self.cleaned_data["times"]
        try:
            return read_times(text) if text else []
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        first, last = data.get("first_day"), data.get("last_day")
        if first and last and not first <= last <= first + LONGEST_PLAN:
            self.add_error("last_day", "Not before the first day, and three months after at most.")
        if "times" in data and not data["times"]:
            start, end, every = (data.get(n) for n in ("first_start", "last_start", "every"))
            if start is None or end is None or every is None:
                self.add_error("times", "Give times, or first start, last start and a spacing.")
            else:
                self._space(start, end, timedelta(minutes=every))
        return data

    def _space(self, start: time, end: time, every: timedelta) -> None:
        try:
            self.cleaned_data["times"] = times_between(start, end, every)
        except ValueError as error:
            self.add_error("last_start", str(error))

    def plan(self) -> Plan:
        names = ("first_day", "last_day", "times", "standard_price", "premium_price")
        data = self.cleaned_data
        return Plan(
            movies=list(data["movies"]),
            screens=list(data["screens"]),
            format=data["format"],
            language=data["language"],
            **{name: data[name] for name in names},
        )
