from django import forms
from django.conf import settings


class PartyForm(forms.Form):
    """How many people want to sit together."""

    party = forms.TypedChoiceField(
        label="Best seats for", coerce=int, widget=forms.Select(attrs={"class": "select"})
    )

    def __init__(self, data: object = None) -> None:
        super().__init__(data, initial={"party": 2})  # type: ignore[arg-type]
        self.fields["party"].choices = [  # type: ignore[attr-defined]
            (size, f"{size} people" if size > 1 else "1 person")
            for size in range(1, settings.MAX_SEATS_PER_BOOKING + 1)
        ]
