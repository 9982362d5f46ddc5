"""Tax rules: how much tax is in the price of a ticket, a booking fee or food."""

import re
from datetime import date

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q

from bookmyshow.core.currencies import CURRENCIES, from_minor

WHOLE = 10_000
PLACE = re.compile(r"^[A-Z]{2}(-[A-Z0-9]{1,3})?\Z")


def validate_currency(code: str) -> None:
    if code not in CURRENCIES:
        raise ValidationError(f"{code!r} is not a currency of ISO 4217; use for example INR.")


class TaxRuleQuerySet(models.QuerySet["TaxRule"]):
    def overlapping(self, rule: "TaxRule") -> "TaxRuleQuerySet":
        """Other rules for the same thing, place and first day that share a price with `rule`."""
        same = self.exclude(pk=rule.pk).filter(
            Q(price_to=None) | Q(price_to__gte=rule.price_from),
            kind=rule.kind,
            currency=rule.currency,
            place=rule.place,
            valid_from=rule.valid_from,
        )
        return same if rule.price_to is None else same.filter(price_from__lte=rule.price_to)


class TaxRule(models.Model):
    """The tax in the price of one kind of thing, from a day on, in a place.

    Prices include tax, and are integers of the currency's minor unit. A rule holds until another
    rule for the same price begins. Its facts are copied into order lines when they are written, so
    a change has no effect on what was sold.
    """

    class Kind(models.TextChoices):
        TICKET = "TICKET", "Ticket"
        FEE = "FEE", "Booking fee"
        FOOD = "FOOD", "Food and drinks"

    kind = models.CharField(max_length=6, choices=Kind)
    place = models.CharField(
        max_length=6,
        blank=True,
        validators=[RegexValidator(PLACE, "Write a country or a state: IN or IN-MH.")],
        help_text="IN for all of India, IN-MH for Maharashtra (ISO 3166). The more exact place"
        " wins. Empty: everywhere.",
    )
    valid_from = models.DateField(help_text="The first day, at the cinema.")
    currency = models.CharField(max_length=3, validators=[validate_currency])
    price_from = models.PositiveBigIntegerField(default=0)
    price_to = models.PositiveBigIntegerField(null=True, blank=True)
    basis_points = models.PositiveIntegerField(
        validators=[MaxValueValidator(WHOLE)], help_text="1800 is 18 %."
    )
    name = models.CharField(max_length=20, blank=True, help_text="For example GST or VAT.")
    code = models.CharField(
        "tax code",
        max_length=12,
        blank=True,
        help_text="What invoices name, for example the SAC 999614 of a cinema ticket in India.",
    )
    components = models.JSONField(
        default=list,
        blank=True,
        help_text="[name, basis points] of each tax that the rate consists of.",
    )
    note = models.CharField(
        max_length=200, blank=True, help_text="For the next person who reads this rule."
    )

    objects = TaxRuleQuerySet.as_manager()

    class Meta:
        ordering = ("kind", "place", "-valid_from", "currency", "price_from")
        constraints = (
            models.UniqueConstraint(
                fields=("kind", "place", "valid_from", "currency", "price_from"),
                name="tax_rule_begins_once",
            ),
            models.CheckConstraint(
                condition=Q(price_to=None) | Q(price_to__gte=F("price_from")),
                name="tax_rule_band_has_prices",
            ),
            models.CheckConstraint(
                condition=Q(basis_points__lte=WHOLE), name="tax_rule_rate_at_most_whole"
            ),
        )

    def __str__(self) -> str:
        place = self.place or "everywhere"
        name = f" {self.name}" if self.name else ""
        return (
            f"{self.get_kind_display()}, {place}, from {self.valid_from:%d %b %Y}, {self.band}:"
            f" {percent(self.basis_points)}{name}"
        )

    @property
    def band(self) -> str:
        """The prices of the rule in words: up to INR 100.00, from INR 100.01."""
        lowest = from_minor(self.price_from, self.currency)
        if self.price_to is None:
            return f"from {self.currency} {lowest}" if self.price_from else "all prices"
        highest = from_minor(self.price_to, self.currency)
        if not self.price_from:
            return f"up to {self.currency} {highest}"
        return f"{self.currency} {lowest} to {highest}"

    @property
    def parts(self) -> str:
        """CGST 9 %, SGST 9 %; "" if the rate is one tax."""
        return ", ".join(f"{name} {percent(points)}" for name, points in self.components)

    def applies_to(self, *, kind: str, price: int, currency: str, place: str, on: date) -> bool:
        """Whether the rule may be used for this price. A more exact or later rule may win."""
        return (
            self.kind == kind
            and self.currency == currency
            and self.valid_from <= on
            and self.price_from <= price
            and (self.price_to is None or price <= self.price_to)
            and (self.place in ("", place) or place.startswith(f"{self.place}-"))
        )


def percent(basis_points: int) -> str:
    """18 %, 2.5 %"""
    return f"{basis_points / 100:g} %"
