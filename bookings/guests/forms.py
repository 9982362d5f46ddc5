from django import forms
from django.core.exceptions import ValidationError

from accounts.forms import AccountEmailField, SiteForm, phone_number
from accounts.models import User
from bookings.tickets.reading import read_ticket

INVALID_EMAIL = "Write an email address, for example asha@example.com."
NAME = {"autocomplete": "name", "autocapitalize": "words", "enterkeyhint": "next"}
EMAIL = {
    "autocomplete": "email",
    "autocapitalize": "none",
    "spellcheck": "false",
    "enterkeyhint": "next",
}
PHONE = {"type": "tel", "inputmode": "tel", "autocomplete": "tel", "enterkeyhint": "done"}


class GuestDetailsForm(SiteForm):
    """The three fields of a guest. The labels match what browsers and phones fill in."""

    name = forms.CharField(
        label="Your name",
        max_length=120,
        error_messages={"required": "Tell us your name."},
        widget=forms.TextInput(attrs=NAME),
    )
    email = AccountEmailField(
        max_length=254,
        help_text="Your ticket goes there.",
        error_messages={
            "required": "Write your email address: your ticket goes there.",
            "invalid": INVALID_EMAIL,
        },
        widget=forms.EmailInput(attrs=EMAIL),
    )
    phone = forms.CharField(
        label="Phone",
        max_length=32,
        validators=[phone_number],
        help_text="Only used if your show changes.",
        error_messages={"required": "Write a phone number, in case your show changes."},
        widget=forms.TextInput(attrs=PHONE),
    )

    def full_clean(self) -> None:
        """The cursor goes to the first field that has to be changed, also after htmx."""
        super().full_clean()
        for name in self.fields:
            if self.is_bound and name in self.errors:
                self.fields[name].widget.attrs["autofocus"] = True
                break

    @classmethod
    def of(cls, guest: User) -> "GuestDetailsForm":
        """The empty form, or filled in with what the guest wrote before."""
        initial = {"name": guest.name, "email": guest.email, "phone": guest.phone}
        return cls(initial=initial)


class FindBookingForm(SiteForm):
    """What a guest needs for a new link: the reference, and the email that was given with it."""

    reference = forms.CharField(
        max_length=40,
        help_text="It begins with BMV, and is on the ticket and in the mail.",
        error_messages={"required": "Write the reference of your booking."},
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )
    email = AccountEmailField(
        max_length=254,
        help_text="The one that you gave when you booked.",
        error_messages={"required": "Write your email address.", "invalid": INVALID_EMAIL},
        widget=forms.EmailInput(attrs=EMAIL),
    )

    def clean_reference(self) -> str:
        """The reference, also if it was typed in lower case, without BMV, or with O for 0."""
        reference = read_ticket(self.cleaned_data["reference"])
        if reference is None:
            raise ValidationError(
                "A reference is BMV and 12 letters and digits, for example BMV7Q2MX0K4T9HC."
            )
        return reference
