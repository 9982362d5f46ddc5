"""The form of the accountant's journal: which cinema, which days."""

from datetime import date, timedelta
from typing import Any

from django import forms

from shows.models import Cinema

LONGEST = timedelta(days=366)
DAY = {"type": "date", "class": "vDateField"}


class JournalForm(forms.Form):
    """The days are those of the cinemas' clocks, both included."""

    cinema = forms.ModelChoiceField(
        Cinema.objects.order_by("city", "name"), required=False, empty_label="All cinemas"
    )
    begins = forms.DateField(label="From", widget=forms.DateInput(DAY, format="%Y-%m-%d"))
    ends = forms.DateField(label="To", widget=forms.DateInput(DAY, format="%Y-%m-%d"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        begins, ends = data.get("begins"), data.get("ends")
        if begins and ends and ends < begins:
            self.add_error("ends", "The last day is before the first one.")
        elif begins and ends and ends - begins > LONGEST:
            self.add_error("ends", "Choose a year at most.")
        return data


def last_month(today: date) -> dict[str, date]:
    """The days of the month before `today`, which are usually asked for."""
    ends = today.replace(day=1) - timedelta(days=1)
    return {"begins": ends.replace(day=1), "ends": ends}
