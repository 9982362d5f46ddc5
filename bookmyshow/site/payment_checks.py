"""The checks of `manage.py doctor` about paying: keys, mode, webhooks, and money that waits."""

from collections.abc import Iterator

from django.conf import settings
from django.db import DatabaseError
from django.urls import reverse
from django.utils.timesince import timesince

from bookings.payments import providers
from bookings.payments.providers.base import Provider, ProviderError
from bookings.payments.staff.money_state import MoneyState, Waiting, money_state
from bookings.payments.states import PaymentState, RefundState
from bookmyshow.core.time import database_now

from .findings import Finding


def webhook_url(provider: Provider) -> str:
    """Where the provider must send its events."""
    return settings.SITE_URL + reverse("bookings:payment-events", args=[provider.code])


def ways_to_pay() -> Iterator[Finding]:
    """How customers can pay, and whether the provider of new payments would take their money."""
    provider = providers.active()
    at_cinema = "at the cinema" if settings.PAY_AT_CINEMA else ""
    if provider is None:
        yield Finding("payments", f"only {at_cinema}; nothing is paid online (PAYMENTS is empty)")
        return
    ways = " and ".join(filter(None, [f"online through {provider.name}", at_cinema]))
    if provider.test_mode:
        advice = "Set PAYMENTS and the live keys of its provider to take money (docs/payments.md)."
        yield Finding("payments", f"{ways}, in test mode: no money moves", advice)
    elif not settings.SITE_URL.startswith("https://"):
        advice = "Set SITE_URL to the public address: customers come back to it after paying."
        yield Finding("payments", f"live keys, but the site is {settings.SITE_URL}", advice, True)
    else:
        yield Finding("payments", ways)
    yield from _provider(provider)


def _provider(provider: Provider) -> Iterator[Finding]:
    subject = f"payments: {provider.code}"
    address = webhook_url(provider)
    try:
        problems = provider.check(address)
    except ProviderError as error:
        advice = "Is the provider reachable from here? Nobody can pay online until it answers."
        yield Finding(subject, f"does not answer as it should: {error}", advice, True)
        return
    for problem in problems:
        yield Finding(subject, problem, "docs/payments.md has the steps.", True)
    if problems:
        return
    if provider.code == "razorpay":
        # Its API tells nothing about the webhooks of an account's own keys.
        words = "the keys are right; whether it sends events can't be asked"
        yield Finding(subject, words, f"See in its dashboard that its webhook is {address}")
    elif provider.code == "stripe":
        yield Finding(subject, f"the keys are right, and events go to {address}")
    else:
        # The sandbox was told where to send its events when it started.
        yield Finding(subject, "answers, and takes the keys")


def owed_money() -> Iterator[Finding]:
    """Money that waits too long, or for a person."""
    try:
        state = money_state(at=database_now())
    except DatabaseError:
        yield Finding("money", "not known without the database", "See above.", True)
        return
    found = [*_late(state), *_for_a_person(state)]
    yield from found or [Finding("money", "none waits too long, or for a person")]


def _late(state: MoneyState) -> Iterator[Finding]:
    advice = "Is a worker running? Then run manage.py reconcile_payments."
    reserved = state.payments[PaymentState.AUTHORISED]
    for is_late, what, waiting in (
        (state.authorised_is_late, "reserved and not decided about", reserved),
        (state.payments_due_are_late, "to be taken, ended or released", state.payments_due),
        (state.refunds_due_are_late, "to be refunded", state.refunds[RefundState.DUE]),
        (state.events_are_late, "events not handled", state.events),
    ):
        if is_late:
            yield Finding("money", f"{what}: {_words(waiting, state)}", advice, True)


def _for_a_person(state: MoneyState) -> Iterator[Finding]:
    failed, by_hand = state.refunds[RefundState.FAILED], state.refunds[RefundState.MANUAL]
    for waiting, what, advice in (
        (state.reviews, "payments to review", "Payments in the admin: each row says why."),
        (failed, "refunds that failed", "Refunds in the admin: try again, or pay by hand."),
        (by_hand, "refunds to be handed back", "At the counter, or by bank (the admin)."),
        (state.disputes, "open disputes", "Answer at the provider's dashboard before the day."),
    ):
        if waiting.count:
            yield Finding("money", f"{what}: {_words(waiting, state)}", advice)


def _words(waiting: Waiting, state: MoneyState) -> str:
    return f"{waiting.count}, the oldest for {timesince(waiting.since or state.at, state.at)}"
