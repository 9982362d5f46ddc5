from collections.abc import Collection

from django import forms
from django.conf import settings

from shows.seating.plan import PREMIUM, STANDARD

from .markup import WHEELCHAIR

KINDS = {
    STANDARD: "Standard",
    PREMIUM: "Premium",
    WHEELCHAIR: "Wheelchair place",
}


class PartyForm(forms.Form):
    """How many people want to sit together, and in which kind of seats.

    `kinds`: the kinds that the person can choose.
    """

    party = forms.TypedChoiceField(
        label="Best seats for", coerce=int, widget=forms.Select(attrs={"class": "select"})
    )

    kind = forms.ChoiceField(
        label="Kind of seat", required=False, widget=forms.Select(attrs={"class": "select"})
    )

    def __init__(self, data: object = None, *, kinds: Collection[str] = tuple(KINDS)) -> None:
        super().__init__(data, initial={"party": 2})  # type: ignore[arg-type]
        self.fields["party"].choices = [  # type: ignore[attr-defined]
            (size, f"{size} people" if size > 1 else "1 person")
            for size in range(1, settings.MAX_SEATS_PER_BOOKING + 1)
        ]
        offered = [(kind, KINDS[kind]) for kind in KINDS if kind in kinds]
        self.fields["kind"].choices = [("", "Any seats"), *offered]  # type: ignore[attr-defined]
