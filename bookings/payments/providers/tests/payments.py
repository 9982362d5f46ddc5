"""What the tests of this folder ask the providers for."""

from datetime import UTC, datetime
from uuid import uuid4

from bookings.payments.providers.base import Line, NewPayment, PaymentKey, Provider, RefundKey
from tests.support.sandbox import Sandbox

EMAIL = "asha.rao@example.com"


def new_payment(amount: int = 70_000, currency: str = "INR") -> NewPayment:
    uuid = uuid4()
    return NewPayment(
        uuid=uuid,
        order_reference="BMO0123456789AB",
        amount=amount,
        currency=currency,
        lines=(Line("Seat A1", amount),),
        description="Dune, 26 Nov 19:30",
        return_url=f"http://localhost:8000/bookings/BMV0123456789AB/payments/{uuid}/return",
        cancel_url="http://localhost:8000/bookings/BMV0123456789AB/",
        created_at=datetime.now(UTC),
        email=EMAIL,
    )


def opened(provider: Provider, new: NewPayment | None = None) -> PaymentKey:
    """A payment that a buyer can make."""
    new = new or new_payment()
    reference = provider.create(new).reference
    return PaymentKey(new.uuid, reference, "", new.amount, new.currency)


def reserved(provider: Provider, sandbox: Sandbox, new: NewPayment | None = None) -> PaymentKey:
    """A payment whose money the buyer's bank reserved."""
    key = opened(provider, new)
    sandbox.pay(key.reference)
    charge = provider.fetch(key).charge
    return PaymentKey(key.uuid, key.reference, charge, key.amount, key.currency)


def captured(provider: Provider, sandbox: Sandbox, new: NewPayment | None = None) -> PaymentKey:
    key = reserved(provider, sandbox, new)
    provider.capture(key)
    return key


def refund_of(key: PaymentKey) -> RefundKey:
    return RefundKey(uuid4(), key)
