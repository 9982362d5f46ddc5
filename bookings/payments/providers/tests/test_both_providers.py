"""What both clients promise (`base.Provider`), at the sandbox, which speaks both protocols."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from bookings.payments.providers.base import (
    BalanceTooLow,
    DisputeState,
    PaymentKey,
    Provider,
    ProviderMisconfigured,
    ProviderNotFound,
    ProviderRefused,
    ProviderUnknown,
    RefundState,
    RemoteState,
)
from tests.support.sandbox import Sandbox

from .payments import captured, new_payment, opened, refund_of, reserved

DAY = timedelta(days=1)


def test_a_payment_is_open_then_reserved_then_taken(provider: Provider, sandbox: Sandbox) -> None:
    key = opened(provider)
    before = provider.fetch(key)
    assert (before.state, before.amount, before.currency) == (RemoteState.OPEN, 70_000, "INR")
    assert (before.uuid, before.charge) == (key.uuid, "")

    sandbox.pay(key.reference)
    paid = provider.fetch(key)
    assert (paid.state, paid.authorised, paid.captured) == (RemoteState.AUTHORISED, 70_000, 0)
    assert paid.charge
    assert paid.uuid == key.uuid

    taken = provider.capture(replace(key, charge=paid.charge))
    assert (taken.state, taken.authorised, taken.captured) == (RemoteState.CAPTURED, 0, 70_000)
    assert sandbox.facts(key.reference)["captured"] == 70_000


def test_capturing_twice_takes_the_money_once(provider: Provider, sandbox: Sandbox) -> None:
    key = captured(provider, sandbox)
    assert provider.capture(key).captured == 70_000
    assert sandbox.facts(key.reference)["captured"] == 70_000


def test_a_charge_that_we_have_not_stored_is_asked_for(
    provider: Provider, sandbox: Sandbox
) -> None:
    key = opened(provider)
    sandbox.pay(key.reference)
    assert provider.capture(key).state is RemoteState.CAPTURED


def test_a_capture_that_the_bank_refuses_is_refused(provider: Provider, sandbox: Sandbox) -> None:
    key = reserved(provider, sandbox)
    sandbox.fault("refuse", "capture")
    with pytest.raises(ProviderRefused):
        provider.capture(key)
    assert provider.fetch(key).captured == 0


def test_a_method_without_a_reservation_is_taken_at_once(
    provider: Provider, sandbox: Sandbox
) -> None:
    key = opened(provider)
    sandbox.pay(key.reference, "bank")
    remote = provider.fetch(key)
    assert (remote.state, remote.authorised, remote.captured) == (RemoteState.CAPTURED, 0, 70_000)


def test_cancelling_an_open_payment_ends_it_and_can_be_repeated(
    provider: Provider, sandbox: Sandbox
) -> None:
    key = opened(provider)
    assert provider.cancel(key).state is RemoteState.CANCELLED
    assert provider.cancel(key).state is RemoteState.CANCELLED


def test_cancelling_what_was_taken_says_so(provider: Provider, sandbox: Sandbox) -> None:
    key = captured(provider, sandbox)
    assert provider.cancel(key).state is RemoteState.CAPTURED
    assert sandbox.facts(key.reference)["captured"] == 70_000


def test_a_refund_that_is_repeated_gives_back_once(provider: Provider, sandbox: Sandbox) -> None:
    key = captured(provider, sandbox)
    refund = refund_of(key)
    first, second = provider.refund(refund, 10_000), provider.refund(refund, 10_000)
    assert first == second
    assert (first.uuid, first.amount, first.state) == (refund.uuid, 10_000, RefundState.SUCCEEDED)
    assert sandbox.facts(key.reference)["refunded"] == 10_000
    remote = provider.fetch(key)
    assert (remote.captured, remote.refunded, remote.refunds) == (70_000, 10_000, (first,))


def test_a_refund_is_found_by_our_uuid_and_by_its_reference(
    provider: Provider, sandbox: Sandbox
) -> None:
    refund = refund_of(captured(provider, sandbox))
    with pytest.raises(ProviderNotFound):
        provider.fetch_refund(refund)
    made = provider.refund(refund, 500)
    assert provider.fetch_refund(refund) == made
    assert provider.fetch_refund(replace(refund, reference=made.reference)) == made


def test_a_refund_may_fail_later(provider: Provider, sandbox: Sandbox) -> None:
    refund = refund_of(captured(provider, sandbox))
    sandbox.fault("refund_fails", seconds=3600)
    assert provider.refund(refund, 500).state is not RefundState.FAILED
    sandbox.let_time_pass()
    failed = provider.fetch_refund(refund)
    assert failed.state is RefundState.FAILED
    assert failed.failure_code


def test_a_refund_that_somebody_made_at_the_provider_has_no_uuid(
    provider: Provider, sandbox: Sandbox
) -> None:
    key = captured(provider, sandbox)
    sandbox.control("POST", f"payments/{key.charge}", action="refund", amount=700)
    (refund,) = provider.fetch(key).refunds
    assert (refund.uuid, refund.amount) == (None, 700)


def test_a_low_balance_is_an_error_of_its_own(provider: Provider, sandbox: Sandbox) -> None:
    refund = refund_of(captured(provider, sandbox))
    sandbox.fault("refuse", "refund")
    with pytest.raises(BalanceTooLow):
        provider.refund(refund, 500)


def test_more_than_was_taken_is_not_given_back(provider: Provider, sandbox: Sandbox) -> None:
    refund = refund_of(captured(provider, sandbox))
    with pytest.raises(ProviderRefused):
        provider.refund(refund, 70_001)


@pytest.mark.parametrize("fault", ["drop", "unreachable", "error"])
def test_an_open_that_got_no_answer_is_repeated(
    provider: Provider, sandbox: Sandbox, fault: str
) -> None:
    new = new_payment()
    sandbox.fault(fault, "create")
    with pytest.raises(ProviderUnknown):
        provider.create(new)
    reference = provider.create(replace(new, is_repeat=True)).reference
    key = PaymentKey(new.uuid, reference, "", new.amount, new.currency)
    assert provider.fetch(key).state is RemoteState.OPEN


@pytest.mark.parametrize("fault", ["drop", "unreachable", "error"])
def test_a_refund_that_got_no_answer_is_made_once(
    provider: Provider, sandbox: Sandbox, fault: str
) -> None:
    """After `error` the refund was made, but its key answers 500 for a day: only a look helps."""
    key = captured(provider, sandbox)
    refund = refund_of(key)
    sandbox.fault(fault, "refund")
    with pytest.raises(ProviderUnknown):
        provider.refund(refund, 500)
    if fault == "error":
        with pytest.raises(ProviderUnknown):
            provider.refund(refund, 500)
    else:
        provider.refund(refund, 500)
    assert provider.fetch_refund(refund).amount == 500
    assert sandbox.facts(key.reference)["refunded"] == 500


@pytest.mark.parametrize("fault", ["drop", "unreachable", "error"])
def test_a_capture_that_got_no_answer_is_repeated_at_once(
    provider: Provider, sandbox: Sandbox, fault: str
) -> None:
    key = reserved(provider, sandbox)
    sandbox.fault(fault, "capture")
    with pytest.raises(ProviderUnknown):
        provider.capture(key)
    assert provider.capture(key).captured == 70_000
    assert sandbox.facts(key.reference)["captured"] == 70_000


def test_too_many_requests_say_nothing_about_the_payment(
    provider: Provider, sandbox: Sandbox
) -> None:
    key = reserved(provider, sandbox)
    sandbox.fault("rate_limited", "capture")
    with pytest.raises(ProviderMisconfigured):
        provider.capture(key)


def test_what_the_provider_does_not_know_is_not_found(provider: Provider) -> None:
    with pytest.raises(ProviderNotFound):
        provider.fetch(PaymentKey(uuid4(), "never-made", "", 1, "INR"))
    with pytest.raises(ProviderNotFound):
        provider.fetch_dispute("never-made")


@pytest.mark.parametrize(("amount", "currency"), [(1_800, "JPY"), (12_340, "KWD")])
def test_amounts_are_those_of_the_currency(
    provider: Provider, sandbox: Sandbox, amount: int, currency: str
) -> None:
    key = captured(provider, sandbox, new_payment(amount, currency))
    facts = sandbox.facts(key.reference)
    assert (facts["captured"], facts["currency"]) == (amount, currency)
    assert provider.refund(refund_of(key), 10).amount == 10


def test_an_amount_of_three_decimals_must_end_in_0(provider: Provider, sandbox: Sandbox) -> None:
    with pytest.raises(ProviderRefused, match="last digit"):
        provider.create(new_payment(12_345, "KWD"))
    assert sandbox.all_facts() == []


def test_the_list_has_the_payments_with_money(provider: Provider, sandbox: Sandbox) -> None:
    opened(provider)
    paid, taken = reserved(provider, sandbox), captured(provider, sandbox)
    provider.refund(refund_of(taken), 500)
    now = datetime.now(UTC)
    listed = {it.uuid: it for it in provider.list_payments(now - DAY, now + DAY)}
    assert listed.keys() == {paid.uuid, taken.uuid}
    assert listed[paid.uuid].state is RemoteState.AUTHORISED
    assert (listed[taken.uuid].captured, listed[taken.uuid].refunded) == (70_000, 500)
    assert list(provider.list_payments(now - 2 * DAY, now - DAY)) == []


def test_disputes_are_listed_and_followed(provider: Provider, sandbox: Sandbox) -> None:
    key = captured(provider, sandbox)
    told = sandbox.control("POST", f"payments/{key.charge}", action="dispute", amount=70_000)
    (listed,) = provider.list_disputes(datetime.now(UTC) - DAY)
    assert listed == provider.fetch_dispute(told["dispute"])
    assert (listed.charge, listed.amount, listed.currency) == (key.charge, 70_000, "INR")
    assert listed.state is DisputeState.NEEDS_RESPONSE
    assert listed.due_at is not None
    sandbox.control("POST", f"disputes/{listed.reference}", won=False)
    assert provider.fetch_dispute(listed.reference).state is DisputeState.LOST


def test_good_keys_have_no_problem(provider: Provider) -> None:
    assert provider.check("http://localhost:8000/payments/sandbox/events/") == []
