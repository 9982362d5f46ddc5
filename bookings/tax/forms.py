"""The admin's form of a tax rule: amounts and per cents as people write them."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from bookmyshow.core.currencies import CURRENCIES, AmountTooFine, from_minor, to_minor

from .errors import TaxRuleOverlaps
from .models import TaxRule
from .services import refuse_overlap

#: "CGST 9" or "CGST 9 %"; several with commas or plus signs between them.
PART = re.compile(r"([A-Za-z][\w .-]*?)\s+(\d{1,3}(?:\.\d{1,2})?)\s*%?")
HOW_TO_WRITE_PARTS = "Write each tax with its per cent, for example: CGST 9, SGST 9."


class TaxRuleForm(forms.ModelForm):
    """A tax rule. Money is in the currency (₹100 is 100), the rate and its parts in per cent."""

    lowest = forms.DecimalField(
        label="Price from", min_value=0, max_digits=12, decimal_places=3, initial=0
    )
    highest = forms.DecimalField(
        label="Price up to",
        min_value=0,
        max_digits=12,
        decimal_places=3,
        required=False,
        help_text="With tax, this price included. Empty: no limit.",
    )
    percent = forms.DecimalField(
        label="Rate in per cent", min_value=0, max_value=100, max_digits=5, decimal_places=2
    )
    parts = forms.CharField(
        label="Consists of",
        required=False,
        max_length=120,
        widget=forms.TextInput({"class": "vTextField"}),
        help_text="Where one rate is several taxes: CGST 9, SGST 9. Empty: one tax.",
    )

    class Meta:
        model = TaxRule
        fields = ("kind", "place", "valid_from", "currency", "name", "code", "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        rule: TaxRule | None = kwargs.get("instance")
        if rule is not None and rule.pk:
            kwargs["initial"] = _as_people_write(rule) | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)

    def clean_currency(self) -> str:
        code: str = self.cleaned_data["currency"].strip().upper()
        if code not in CURRENCIES:
            raise ValidationError(f"{code!r} is not a currency of ISO 4217; use for example INR.")
        return code

    def clean_place(self) -> str:
        place: str = self.cleaned_data["place"].strip().upper()
        return place

    def clean_parts(self) -> list[list[Any]]:
        text = self.cleaned_data["parts"].strip()
        matches = [PART.fullmatch(part.strip()) for part in re.split("[,+]", text) if part.strip()]
        if not all(matches):
            raise ValidationError(HOW_TO_WRITE_PARTS)
        return [[match[1], int(Decimal(match[2]) * 100)] for match in matches if match]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if "currency" in data:
            self.instance.price_from = self._minor("lowest", data) or 0
            self.instance.price_to = self._minor("highest", data)
        self.instance.basis_points = int((data.get("percent") or 0) * 100)
        self.instance.components = data.get("parts") or []
        self._check_band_and_parts(data)
        self._check_overlap(data)
        return data

    def _check_band_and_parts(self, data: dict[str, Any]) -> None:
        lowest, highest = self.instance.price_from, self.instance.price_to
        if highest is not None and highest < lowest:
            self.add_error("highest", "The highest price is below the lowest one.")
        parts = sum(points for _, points in self.instance.components)
        if "percent" in data and parts not in (0, self.instance.basis_points):
            self.add_error("parts", f"The parts add up to {parts / 100:g} %, not to the rate.")

    def _minor(self, field: str, data: dict[str, Any]) -> int | None:
        amount: Decimal | None = data.get(field)
        if amount is None:
            return None
        try:
            return to_minor(amount, data["currency"])
        except AmountTooFine as error:
            self.add_error(field, str(error))
            return None

    def _check_overlap(self, data: dict[str, Any]) -> None:
        """Name the rule that this one overlaps, once all fields are right."""
        if self.errors:
            return
        facts = {name: data[name] for name in ("kind", "place", "valid_from", "currency")}
        band = {"price_from": self.instance.price_from, "price_to": self.instance.price_to}
        try:
            refuse_overlap(TaxRule(pk=self.instance.pk, **facts, **band))
        except TaxRuleOverlaps as error:
            self.add_error(None, error.message)


def _as_people_write(rule: TaxRule) -> dict[str, Any]:
    highest = rule.price_to
    return {
        "lowest": from_minor(rule.price_from, rule.currency),
        "highest": None if highest is None else from_minor(highest, rule.currency),
        "percent": Decimal(rule.basis_points) / 100,
        "parts": ", ".join(f"{name} {points / 100:g}" for name, points in rule.components),
    }
