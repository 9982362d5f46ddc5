"""Which keys the sandbox accepts, and where it sends events."""

from dataclasses import dataclass, field

from .models import RAZORPAY, STRIPE, Endpoint, Key, new_id

# No secrets: no money moves here. The shop's own constants have the same values.
STRIPE_KEY = "sk_test_sandbox"
RAZORPAY_KEY, RAZORPAY_SECRET = "rzp_test_sandbox", "razorpay-sandbox-secret"
WEBHOOK_SECRET = "whsec_sandbox"
#: The events that a shop of this kind wants.
STRIPE_EVENTS = [
    "checkout.session.completed",
    "checkout.session.expired",
    "payment_intent.amount_capturable_updated",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    "charge.refunded",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
]


@dataclass
class Configuration:
    """Fields that are None stay as they are."""

    stripe_key: str | None = None
    razorpay_key: str | None = None
    razorpay_secret: str | None = None
    #: The shop's addresses for events; "" for none.
    stripe_webhook: str | None = None
    razorpay_webhook: str | None = None
    webhook_secrets: list[str] | None = None
    stripe_events: list[str] = field(default_factory=lambda: list(STRIPE_EVENTS))

    def apply(self) -> None:
        """Store it. Raises ValueError for a key that looks live."""
        for key in (self.stripe_key, self.razorpay_key):
            if key and "_live_" in key:
                raise ValueError("this looks like a live key: the sandbox takes test keys only")
        if self.stripe_key:
            Key.objects.update_or_create(dialect=STRIPE, defaults={"name": self.stripe_key})
        if self.razorpay_key:
            values = {"name": self.razorpay_key, "secret": self.razorpay_secret or ""}
            Key.objects.update_or_create(dialect=RAZORPAY, defaults=values)
        self.endpoint(STRIPE, self.stripe_webhook, self.stripe_events)
        self.endpoint(RAZORPAY, self.razorpay_webhook, ["*"])

    def endpoint(self, dialect: str, url: str | None, kinds: list[str]) -> None:
        known = Endpoint.objects.filter(dialect=dialect).first()
        if url == "":
            Endpoint.objects.filter(dialect=dialect).delete()
            return
        if known is None and url is None:
            return
        known = known or Endpoint(id=new_id("we_1", 23), dialect=dialect)
        known.url = url or known.url
        known.kinds = kinds
        known.secrets = self.webhook_secrets or known.secrets or [WEBHOOK_SECRET]
        known.save()
