"""What the sandbox remembers. Amounts are in the currency's minor unit; times are Unix seconds.

No card data is here: the hosted page asks for none.
"""

import secrets
import string
import time
from typing import ClassVar, Self

from django.db import models

STRIPE, RAZORPAY = "stripe", "razorpay"
LETTERS = string.ascii_letters + string.digits


def unix_now() -> int:
    return int(time.time())


def new_id(prefix: str, length: int = 24) -> str:
    """A random id such as ``pi_3Ab…``."""
    return prefix + "".join(secrets.choice(LETTERS) for _ in range(length))


class Row(models.Model):
    """The manager is written out for the type checker, which reads the site's settings only."""

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        abstract = True


class Purchase(Row):
    """A Checkout Session of Stripe, or an Order of Razorpay."""

    payments: "models.QuerySet[Payment]"

    class Status(models.TextChoices):
        OPEN = "open"
        COMPLETE = "complete"
        EXPIRED = "expired"

    id = models.CharField(primary_key=True, max_length=80)
    dialect = models.CharField(max_length=10)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=10, default=Status.OPEN)
    #: The shop's own number: Stripe's client_reference_id, Razorpay's receipt.
    reference = models.CharField(max_length=250, blank=True)
    lines = models.JSONField(default=list)
    metadata = models.JSONField(default=dict)
    payment_metadata = models.JSONField(default=dict)
    email = models.CharField(max_length=250, blank=True)
    manual = models.BooleanField(default=True)
    success_url = models.CharField(max_length=2000, blank=True)
    cancel_url = models.CharField(max_length=2000, blank=True)
    created_at = models.BigIntegerField(default=unix_now, db_index=True)
    #: 0 for an order of Razorpay, which never expires.
    expires_at = models.BigIntegerField(default=0)
    #: How long the provider keeps an authorisation that nobody captures.
    authorisation_seconds = models.BigIntegerField(default=7 * 86_400)

    def __str__(self) -> str:
        return self.id

    @property
    def payment(self) -> "Payment | None":
        """The latest attempt to pay."""
        return self.payments.order_by("serial").last()

    @property
    def paid(self) -> int:
        """What was captured."""
        return sum(payment.captured for payment in self.payments.all())


class Payment(Row):
    """An attempt to pay: a PaymentIntent with its Charge, or a Payment of Razorpay."""

    purchase_id: str
    refunds: "models.QuerySet[Refund]"
    disputes: "models.QuerySet[Dispute]"

    class Status(models.TextChoices):
        WAITING = "waiting"
        FAILED = "failed"
        AUTHORISED = "authorised"
        CAPTURED = "captured"
        CANCELLED = "cancelled"
        #: Razorpay gave an authorised payment back that was never captured.
        RETURNED = "returned"

    serial = models.BigAutoField(primary_key=True)
    id = models.CharField(unique=True, max_length=80)
    #: Stripe's charge; empty before the first success.
    charge_id = models.CharField(max_length=80, blank=True, db_index=True)
    purchase = models.ForeignKey(Purchase, models.PROTECT, related_name="payments")
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=12, default=Status.WAITING)
    captured = models.BigIntegerField(default=0)
    #: Taken in one step, so there is nothing to capture.
    one_step = models.BooleanField(default=False)
    error = models.JSONField(default=dict)
    #: When the provider gives an authorisation back; 0 if there is none.
    capture_before = models.BigIntegerField(default=0)
    cancel_reason = models.CharField(max_length=40, blank=True)
    created_at = models.BigIntegerField(default=unix_now, db_index=True)

    def __str__(self) -> str:
        return self.id

    @property
    def refunded(self) -> int:
        """What was given back, with what is on its way; failed refunds don't count."""
        refunds = self.refunds.exclude(status=Refund.Status.FAILED)
        return sum(refund.amount for refund in refunds)


class Refund(Row):
    class Status(models.TextChoices):
        PENDING = "pending"
        SUCCEEDED = "succeeded"
        FAILED = "failed"

    serial = models.BigAutoField(primary_key=True)
    id = models.CharField(unique=True, max_length=80)
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds")
    amount = models.BigIntegerField()
    status = models.CharField(max_length=10, default=Status.SUCCEEDED)
    reason = models.CharField(max_length=80, blank=True)
    failure = models.CharField(max_length=80, blank=True)
    receipt = models.CharField(max_length=80, blank=True)
    metadata = models.JSONField(default=dict)
    #: Made at the provider's own dashboard, not through its API.
    outside = models.BooleanField(default=False)
    created_at = models.BigIntegerField(default=unix_now, db_index=True)

    def __str__(self) -> str:
        return self.id


class Dispute(Row):
    class Status(models.TextChoices):
        OPEN = "open"
        UNDER_REVIEW = "under_review"
        WON = "won"
        LOST = "lost"

    serial = models.BigAutoField(primary_key=True)
    id = models.CharField(unique=True, max_length=80)
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="disputes")
    amount = models.BigIntegerField()
    status = models.CharField(max_length=14, default=Status.OPEN)
    reason = models.CharField(max_length=80)
    due_at = models.BigIntegerField()
    created_at = models.BigIntegerField(default=unix_now, db_index=True)

    def __str__(self) -> str:
        return self.id


class Event(Row):
    """Something that happened, with the object as it was then."""

    deliveries: "models.QuerySet[Delivery]"

    serial = models.BigAutoField(primary_key=True)
    id = models.CharField(unique=True, max_length=80)
    dialect = models.CharField(max_length=10)
    kind = models.CharField(max_length=60)
    body = models.TextField()
    created_at = models.BigIntegerField(default=unix_now, db_index=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Endpoint(Row):
    """An address of the shop that events are sent to."""

    id = models.CharField(primary_key=True, max_length=80)
    dialect = models.CharField(max_length=10)
    url = models.CharField(max_length=2000)
    secrets = models.JSONField(default=list)
    #: Kinds of events; ["*"] means all.
    kinds = models.JSONField(default=list)

    def __str__(self) -> str:
        return self.url

    def wants(self, kind: str) -> bool:
        return "*" in self.kinds or kind in self.kinds


class Delivery(Row):
    """An event that is to be sent to an endpoint: the durable outbox."""

    serial = models.BigAutoField(primary_key=True)
    event = models.ForeignKey(Event, models.CASCADE, related_name="deliveries")
    endpoint = models.ForeignKey(Endpoint, models.CASCADE)
    #: "", "forged" (signed with another secret) or "old" (signed an hour ago).
    signature = models.CharField(max_length=10, blank=True)
    due_at = models.FloatField(default=time.time, db_index=True)
    tries = models.IntegerField(default=0)
    #: It is sent after a later event has arrived (the fault `reordered`).
    waits = models.BooleanField(default=False)
    #: HTTP status of the last try; 0 without an answer.
    status = models.IntegerField(default=0)
    done = models.BooleanField(default=False, db_index=True)

    def __str__(self) -> str:
        return f"delivery {self.serial}"


class Answer(Row):
    """The first answer to a request with an idempotency key. Status 0: it is being worked on."""

    key = models.CharField(max_length=300)
    dialect = models.CharField(max_length=10)
    request_hash = models.CharField(max_length=64)
    status = models.IntegerField(default=0)
    body = models.TextField(blank=True)
    created_at = models.BigIntegerField(default=unix_now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dialect", "key"], name="answer_once")]

    def __str__(self) -> str:
        return self.key


class Fault(Row):
    """Something that is to go wrong the next ``times`` times (-1: always)."""

    kind = models.CharField(max_length=30)
    operation = models.CharField(max_length=30)
    times = models.IntegerField(default=1)
    #: A purchase's id or reference, or a kind of event; empty for all.
    only = models.CharField(max_length=250, blank=True)
    value = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.kind} of {self.operation}"


class Later(Row):
    """A change that happens by itself at a time: a session expires, a refund arrives."""

    due_at = models.FloatField(db_index=True)
    action = models.CharField(max_length=30)
    object_id = models.CharField(max_length=80)
    value = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.action} of {self.object_id}"


class Key(Row):
    """An API key that is accepted: Stripe's secret key, or Razorpay's key id with its secret."""

    dialect = models.CharField(max_length=10)
    name = models.CharField(max_length=120)
    secret = models.CharField(max_length=120, blank=True)

    def __str__(self) -> str:
        return self.name
