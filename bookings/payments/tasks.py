from datetime import UTC, timedelta

from celery import shared_task

from bookmyshow.core.time import database_now, local_day

from .providers.base import ProviderUnknown
from .reconciling import daily_comparison, provider_events, reconciler


# After reconciler.RUN_SECONDS a run starts nothing else. The time limit ends a run in which a
# provider never finishes its answer.
@shared_task(soft_time_limit=100)
def reconcile_payments() -> int:
    """Handle events, and finish orders and payments. Beat starts it every RECONCILE_SECONDS."""
    return reconciler.reconcile().payments


@shared_task(soft_time_limit=60)
def handle_payment_event(provider_code: str, body_hash: str) -> None:
    """Look at the payment of an event that was just stored (`webhooks.receiving`)."""
    provider_events.handle_stored_event(provider_code, body_hash)


# A page of 100 payments is one call. The list of a busy day takes minutes.
@shared_task(
    soft_time_limit=1_500,
    time_limit=1_600,
    autoretry_for=(ProviderUnknown,),
    retry_backoff=60,
    max_retries=5,
)
def compare_payments() -> int:
    """Compare yesterday's payments with the provider's, and forget old events. Once a day."""
    provider_events.forget_old_events()
    yesterday = local_day(database_now(), UTC) - timedelta(days=1)
    return len(daily_comparison.compare(yesterday))
