"""Errors of Stripe's package as ours."""

from collections.abc import Iterator
from contextlib import contextmanager

import stripe as sdk

from .base import (
    BalanceTooLow,
    ProviderError,
    ProviderMisconfigured,
    ProviderNotFound,
    ProviderRefused,
    ProviderUnknown,
)


@contextmanager
def errors_translated() -> Iterator[None]:
    """Stripe's errors as ours. Their texts are left out: they may quote keys and emails."""
    try:
        yield
    except (sdk.AuthenticationError, sdk.PermissionError) as error:
        raise ProviderMisconfigured(f"Stripe refused the key ({_trace(error)})") from None
    except sdk.RateLimitError as error:
        raise ProviderMisconfigured(f"Stripe has had too many requests ({_trace(error)})") from None
    except sdk.IdempotencyError as error:
        # The key was used with other values, or that call still runs: only a fetch can tell.
        raise ProviderUnknown(f"Stripe knows this idempotency key ({_trace(error)})") from None
    except (sdk.InvalidRequestError, sdk.CardError) as error:
        raise _refusal(error) from None
    except sdk.StripeError as error:
        # Timeouts, broken connections, 409, 5xx, answers that are not JSON.
        raise ProviderUnknown(f"Stripe gave no usable answer ({_trace(error)})") from None


def _refusal(error: sdk.StripeError) -> ProviderError:
    code = error.code or "refused"
    if code == "resource_missing" or error.http_status == 404:
        return ProviderNotFound(f"Stripe doesn't know it ({_trace(error)})")
    if code in {"balance_insufficient", "insufficient_funds"}:
        return BalanceTooLow(code, f"the balance at Stripe is too low ({_trace(error)})")
    return ProviderRefused(code, f"Stripe refused it ({_trace(error)})")


def _trace(error: sdk.StripeError) -> str:
    """What Stripe's support needs to find the call."""
    return f"{type(error).__name__}, HTTP {error.http_status}, request {error.request_id}"
