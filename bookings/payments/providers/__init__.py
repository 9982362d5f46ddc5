"""The payment providers: `active()` for new payments, `provider(code)` for an existing one.

A provider's module is imported at its first use, because their packages need memory, and most
commands never talk to a provider.
"""

from functools import cache

from django.conf import settings

from .base import Provider

#: Codes in `Payment.provider` that name a provider with an API. Money at the counter has none.
CODES = ("stripe", "razorpay", "sandbox", "sandbox-razorpay")


def active() -> Provider | None:
    """The provider that new payments go to; None if nothing is sold online (PAYMENTS is empty)."""
    code = active_code()
    return provider(code) if code else None


def active_code() -> str:
    """The code of `active()`, "" for none. Imports no provider."""
    if settings.PAYMENTS == "sandbox" and settings.SANDBOX_PROTOCOL == "razorpay":
        return "sandbox-razorpay"
    return str(settings.PAYMENTS)


def takes_events(code: str) -> bool:
    """Whether events of this provider are read. Those of the sandbox only where it is in use: its
    keys are in this repository, so anybody can sign them."""
    return code in CODES and (settings.PAYMENTS == "sandbox" or not code.startswith("sandbox"))


def provider(code: str) -> Provider:
    """The provider of a stored code. Raises KeyError for a code that has none.

    A payment keeps its provider when PAYMENTS changes, so its keys must stay in the settings until
    its last refund.
    """
    if code not in CODES:
        raise KeyError(code)
    return _made(code)


@cache
def _made(code: str) -> Provider:
    if code in {"razorpay", "sandbox-razorpay"}:
        from .razorpay import RazorpayProvider

        return RazorpayProvider.from_settings(code)
    from .stripe import StripeProvider

    return StripeProvider.from_settings(code)
