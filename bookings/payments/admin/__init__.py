"""The admin of money: read-only history, with actions by role."""

from .events import DisputeAdmin, ProviderEventAdmin
from .orders import OrderAdmin
from .payments import PaymentAdmin
from .refunds import RefundAdmin

__all__ = ["DisputeAdmin", "OrderAdmin", "PaymentAdmin", "ProviderEventAdmin", "RefundAdmin"]
