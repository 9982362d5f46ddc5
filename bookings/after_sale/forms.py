from collections.abc import Sequence
from typing import Any

from django import forms

from bookings.payments.ledger import Ledger
from bookings.payments.refunds.offers import Offer
from bookings.payments.refunds.writing import Part
from bookmyshow.core.templatetags.formatting import minor

from .services import Back

MOST_REASON = 200


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label="Why",
        max_length=MOST_REASON,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text="For the cinema’s records and the audit log. The customer doesn’t read it.",
    )


class CancelForm(ReasonForm):
    """Why a booking is cancelled, and, if money was paid, how much goes back."""

    back = forms.ChoiceField(label="Money", widget=forms.RadioSelect, initial=Back.EVERYTHING)
    field_order = ("back", "reason")

    def __init__(self, offer: Offer | None, *args: Any, **kwargs: Any) -> None:
        """Without an offer nothing was paid, and nothing is asked about money."""
        super().__init__(*args, **kwargs)
        if offer is None or not offer.paid:
            del self.fields["back"]
            return
        field = self.fields["back"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (Back.EVERYTHING, f"Give back everything: {minor(offer.paid, offer.currency)}"),
            (Back.POLICY, f"As if the customer cancelled now: {minor(offer.back, offer.currency)}"),
            (Back.NOTHING, "Keep the money"),
        ]

    @property
    def chosen(self) -> Back:
        return Back(self.cleaned_data.get("back", Back.EVERYTHING))


class RefundForm(ReasonForm):
    """Why money goes back, and for which lines of the order."""

    lines = forms.MultipleChoiceField(
        label="What", widget=forms.CheckboxSelectMultiple, required=False
    )
    field_order = ("lines", "reason")

    def __init__(self, ledger: Ledger, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._left = {
            str(line.pk): ledger.left_of_line[line.pk]
            for line in ledger.lines
            if ledger.left_of_line[line.pk] > 0
        }
        field = self.fields["lines"]
        assert isinstance(field, forms.MultipleChoiceField)
        currency = ledger.order.currency
        field.choices = [
            (str(line.pk), f"{line.text}: {minor(self._left[str(line.pk)], currency)}")
            for line in ledger.lines
            if str(line.pk) in self._left
        ]
        field.initial = list(self._left)

    def clean_lines(self) -> list[str]:
        lines: list[str] = self.cleaned_data["lines"]
        if not lines:
            raise forms.ValidationError("Choose what is given back.")
        return list(dict.fromkeys(lines))

    @property
    def parts(self) -> Sequence[Part] | None:
        """What is left of the chosen lines. None if all of them are chosen: all that is left."""
        chosen: list[str] = self.cleaned_data["lines"]
        if len(chosen) == len(self._left):
            return None
        return [(int(line), self._left[line]) for line in chosen]
