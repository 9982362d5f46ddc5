from typing import Any

from django import forms

from accounts.forms import AccountEmailField, SiteForm
from accounts.models import User
from shows.models import Cinema

ANY_CITY = "Any city"


class AskForm(SiteForm):
    """The city, and for visitors the email address."""

    email = AccountEmailField(
        label="Your email",
        max_length=254,
        error_messages={
            "required": "Write your email address.",
            "invalid": "Write an email address, for example asha@example.com.",
        },
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    city = forms.ChoiceField(
        label="Where",
        required=False,
        error_messages={"invalid_choice": "Choose one of the cities."},
    )

    def __init__(self, *args: Any, user: User | None, city: str = "", **kwargs: Any) -> None:
        """`user`: the account, None for a visitor. `city`: chosen before, on another page."""
        super().__init__(*args, auto_id="tell-me-%s", **kwargs)
        if user is not None:
            del self.fields["email"]
        # Spellings that differ only in case are one city, as in the lists of films.
        names = Cinema.objects.in_use().values_list("city", flat=True).distinct()
        cities = {name.casefold(): name for name in sorted(names, reverse=True)}
        if len(cities) < 2:
            del self.fields["city"]
            return
        field = self.fields["city"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", ANY_CITY), *((name, name) for name in sorted(cities.values()))]
        field.initial = cities.get(city.casefold(), "")
