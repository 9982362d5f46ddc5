"""Why a tax rule is refused. The messages are for staff."""

from bookmyshow.core.errors import DomainError


class TaxRuleOverlaps(DomainError):
    """Another rule of the same kind, place and first day has a price of this rule's band."""

    code = "TAX_RULE_OVERLAPS"
    summary = "Two tax rules would apply to one price."
    when = "Saving a tax rule for prices that another rule has. In the admin only."
