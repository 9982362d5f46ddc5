"""Forms of the counter. Amounts are typed in the major unit and cleaned to minor units."""

from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError

from bookings.payments.models import Payment
from bookmyshow.core.currencies import AmountTooFine, exponent, from_minor, to_minor
from bookmyshow.core.templatetags.formatting import minor

from .cash_up import Count
from .services import Taking

#: 12 digits are more than any drawer holds, and fit the column.
MOST_MINOR = 10**12
WAYS = (("cash", "Cash"), ("card", "Card"), ("other", "Other"))


def plain(minor: int, currency: str) -> str:
    """An amount as it is typed: 1000.50. Empty for 0."""
    return f"{from_minor(minor, currency).normalize():f}" if minor else ""


class AmountField(forms.CharField):
    """An amount such as 1,000.50, cleaned to minor units of `currency`. None if it is empty."""

    def __init__(self, *, currency: str, **options: Any) -> None:
        self.currency = currency
        options.setdefault("max_length", 30)
        super().__init__(**options)
        self.widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}

    def clean(self, value: Any) -> int | None:
        typed = super().clean(value).replace(",", "").replace(" ", "")
        if not typed:
            return None
        try:
            minor = to_minor(Decimal(typed), self.currency)
        except AmountTooFine as error:
            raise ValidationError(str(error)) from error
        except (InvalidOperation, ValueError) as error:
            example = "1000" if not exponent(self.currency) else "1000 or 1000.50"
            raise ValidationError(f"Type an amount such as {example}.") from error
        if not 0 <= minor < MOST_MINOR:
            raise ValidationError("That can’t be: look at the amount again.")
        return minor


class TakeForm(forms.Form):
    """Money for a booking. `payment` makes a form that is sent twice one payment.

    `amount` is what was to pay when the page was made, `given` the cash that the customer gave.
    """

    payment = forms.UUIDField(initial=uuid4)
    amount = forms.IntegerField()
    method = forms.ChoiceField(choices=WAYS)

    def __init__(self, *args: Any, currency: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.currency = currency
        self.fields["given"] = AmountField(currency=currency, required=False)

    def clean(self) -> None:
        """Only cash has change: for card and other, `given` is not looked at."""
        data = self.cleaned_data
        given, amount = data.get("given"), data.get("amount")
        if data.get("method") != Payment.Method.CASH:
            data["given"] = None
            self.errors.pop("given", None)
        elif given is not None and amount is not None and given < amount:
            short = minor(amount - given, self.currency)
            self.add_error("given", f"That is {short} short.")

    def taking(self) -> Taking:
        data = self.cleaned_data
        return Taking(Payment.Method(data["method"]), data["amount"], data["payment"])


class CountForm(forms.Form):
    """What was counted in a drawer."""

    replaces = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, currency: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["opening"] = AmountField(
            currency=currency,
            label="Float",
            required=False,
            help_text="The cash that the drawer began with.",
        )
        self.fields["counted"] = AmountField(
            currency=currency,
            label="Counted",
            help_text="All cash in the drawer now, with the float.",
        )
        self.fields["note"] = forms.CharField(required=False, max_length=200, label="Note")
        for name in ("opening", "counted", "note"):
            self.fields[name].widget.attrs["class"] = "input"

    def count(self) -> Count:
        data = self.cleaned_data
        return Count(
            opening=data["opening"] or 0,
            counted=data["counted"],
            note=data["note"],
            replaces=data["replaces"],
        )
