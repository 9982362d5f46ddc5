"""Why a tax rule is refused. The messages are for staff."""

from bookmyshow.core.errors import DomainError


class TaxRuleOverlaps(DomainError):
    """Another rule of the same kind, place and first day has a price of this rule's band."""
