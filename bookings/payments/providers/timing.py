"""Measures calls to providers: how long they take, and how they end."""

import functools
import time
from collections.abc import Callable
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from bookmyshow.core.observability.metrics import PROVIDER_ANSWERS, PROVIDER_CALLS

from .base import ProviderNotFound, ProviderRefused, ProviderUnknown


class HasCode(Protocol):
    code: str


Self = TypeVar("Self", bound=HasCode)
P = ParamSpec("P")
T = TypeVar("T")


def timed(method: Callable[Concatenate[Self, P], T]) -> Callable[Concatenate[Self, P], T]:
    """Measure a method of a provider, with all HTTP calls that it makes."""

    @functools.wraps(method)
    def measured(self: Self, *args: P.args, **kwargs: P.kwargs) -> T:
        started, outcome = time.perf_counter(), "error"
        try:
            result = method(self, *args, **kwargs)
            outcome = "ok"
            return result
        except ProviderUnknown:
            outcome = "unknown"
            raise
        except (ProviderRefused, ProviderNotFound):
            outcome = "refused"
            raise
        finally:
            call = method.__name__
            PROVIDER_CALLS.labels(self.code, call).observe(time.perf_counter() - started)
            PROVIDER_ANSWERS.labels(self.code, call, outcome).inc()

    return measured
