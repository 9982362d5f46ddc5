"""The field of a form for a date and time on a cinema's clock."""

from datetime import datetime
from typing import Any

from django import forms


class CinemaTimeField(forms.DateTimeField):
    """A date and time without a time zone. The form reads it on the chosen cinema's clock."""

    widget = forms.DateTimeInput(
        attrs={"type": "datetime-local", "class": "vDateTimeLocal"}, format="%Y-%m-%dT%H:%M"
    )

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        try:
            moment = datetime.fromisoformat(str(value).strip())
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo or len(str(value).strip()) < len("2027-01-08T19:00"):
            raise forms.ValidationError("Write a date and a time, for example 2027-01-08 19:00.")
        return moment.replace(second=0, microsecond=0)
