"""The rate of tax in a price, the split of a price into net and tax, and changes of the rules."""

from dataclasses import dataclass
from datetime import date

from django.db import connection, transaction

from bookmyshow.core.cache.single_flight import Group, drop_group

from .errors import TaxRuleOverlaps
from .models import WHOLE, TaxRule

GROUP = "tax-rules"
CACHE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Rate:
    """The tax in a price.

    `code` and `name` are what invoices say, for example 999614 and GST. `components` has a name and
    basis points for each tax that the rate consists of (CGST 900, SGST 900). Without a rule the
    rate is 0 and the name is "".
    """

    basis_points: int
    code: str
    name: str
    components: tuple[tuple[str, int], ...] = ()


NO_TAX = Rate(0, "", "")


def rate_for(kind: str, price_minor: int, currency: str, place: str, on: date) -> Rate:
    """The tax in a price, which includes it; NO_TAX if no rule applies.

    `kind` is a value of TaxRule.Kind, `price_minor` the price of one piece in the currency's minor
    unit, `place` the cinema's `tax_place`, and `on` the day of the sale at the cinema. The rule of
    the most exact place wins; of several, the one that began last.

    Rules come from the cache. Call this once for each distinct price, and outside of the
    transactions of a hold.
    """
    fitting = [
        rule
        for rule in _rules()
        if rule.applies_to(kind=kind, price=price_minor, currency=currency, place=place, on=on)
    ]
    if not fitting:
        return NO_TAX
    rule = max(fitting, key=lambda rule: (len(rule.place), rule.valid_from))
    components = tuple((name, points) for name, points in rule.components)
    return Rate(rule.basis_points, rule.code, rule.name, components)


def split(gross: int, basis_points: int) -> tuple[int, int]:
    """Net and tax of a price that includes tax, in minor units. They always add up to `gross`.

    The net amount is rounded half up. Raises ValueError if an argument is negative.
    """
    if gross < 0 or basis_points < 0:
        raise ValueError("A price and a rate of tax are not negative.")
    divisor = WHOLE + basis_points
    net = (2 * gross * WHOLE + divisor) // (2 * divisor)
    return net, gross - net


def save_rule(rule: TaxRule) -> None:
    """Save a new or changed rule. Raises TaxRuleOverlaps, which names the other rule.

    The table is locked, so that two people cannot save overlapping rules at the same time.
    """
    with transaction.atomic():
        _lock_rules()
        refuse_overlap(rule)
        rule.save()
        transaction.on_commit(forget_rules)


def delete_rule(rule: TaxRule) -> None:
    """Delete a rule. What was sold keeps its tax."""
    with transaction.atomic():
        rule.delete()
        transaction.on_commit(forget_rules)


def refuse_overlap(rule: TaxRule) -> None:
    """Raise TaxRuleOverlaps if another rule has a price of this rule's band."""
    other = TaxRule.objects.overlapping(rule).first()
    if other is not None:
        raise TaxRuleOverlaps(
            f"Two rules would apply to one price. The other rule is “{other}”. Change its prices"
            " or this rule's, or choose another first day."
        )


def forget_rules() -> None:
    """Drop the cached rules. Called after each commit that changed one."""
    drop_group(GROUP)


def _lock_rules() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {TaxRule._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")


def _rules() -> list[TaxRule]:
    found: list[TaxRule] = Group(GROUP).get_or_compute(
        "all", lambda: list(TaxRule.objects.all()), seconds=CACHE_SECONDS
    )
    return found
