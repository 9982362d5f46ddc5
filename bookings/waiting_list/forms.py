from django import forms
from django.conf import settings

from .choosing import Party


class WishForm(forms.Form):
    """What a person waits for. `asks_address`: a visitor gives an email address too."""

    seats = forms.TypedChoiceField(
        label="How many seats", coerce=int, widget=forms.Select(attrs={"class": "select"})
    )
    together = forms.BooleanField(label="Only side by side", required=False)
    wheelchair = forms.BooleanField(
        label="One of us uses a wheelchair and needs the place for it", required=False
    )
    email = forms.EmailField(
        label="Your email",
        max_length=254,
        error_messages={
            "required": "Give your email address, so that we can tell you about free seats.",
            "invalid": "This is not a complete email address, such as anna@example.com.",
        },
        widget=forms.EmailInput(
            attrs={"class": "input", "autocomplete": "email", "inputmode": "email"}
        ),
    )

    def __init__(
        self,
        data: object = None,
        *,
        seats: int = 2,
        asks_address: bool = False,
        has_places: bool = True,
    ) -> None:
        super().__init__(data, initial={"seats": seats, "together": True}, prefix="waiting")  # type: ignore[arg-type]
        self.fields["seats"].choices = [  # type: ignore[attr-defined]
            (size, f"{size} seats" if size > 1 else "1 seat")
            for size in range(1, settings.MAX_SEATS_PER_BOOKING + 1)
        ]
        if not asks_address:
            del self.fields["email"]
        if not has_places:
            del self.fields["wheelchair"]

    @property
    def party(self) -> Party:
        """The wish of a valid form."""
        data = self.cleaned_data
        return Party(data["seats"], data["together"], data.get("wheelchair", False))
