"""What is owed and paid: orders, payments, refunds, disputes, providers' events (docs/spec.md §18).

All amounts are whole numbers of the currency's minor unit (`bookmyshow.core.currencies`).
"""

from .disputes import Dispute
from .events import ProviderEvent
from .orders import Order, OrderLine, new_order_reference
from .payment import Payment
from .refund import Refund

__all__ = ["Dispute", "Order", "OrderLine", "Payment", "ProviderEvent", "Refund"]
__all__ += ["new_order_reference"]
