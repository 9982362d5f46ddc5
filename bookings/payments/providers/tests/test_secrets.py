"""Keys, cards and people stay out of errors, logs and what Python prints of an object."""

import logging
import subprocess
import sys
import traceback
from dataclasses import replace

import pytest

from bookings.payments.providers.base import Provider, ProviderError, ProviderMisconfigured
from bookings.payments.providers.razorpay import Account as RazorpayAccount
from bookings.payments.providers.razorpay import RazorpayProvider
from bookings.payments.providers.stripe import Account as StripeAccount
from bookings.payments.providers.stripe import StripeProvider
from bookmyshow.environment import ROOT
from tests.support.sandbox import Sandbox

from .payments import EMAIL, captured, new_payment, refund_of

SECRET = "sk_test_very_secret_4242"


def bad_keys(sandbox: Sandbox) -> list[Provider]:
    return [
        StripeProvider("sandbox", StripeAccount(SECRET, (SECRET,), sandbox.url, sandbox.url)),
        RazorpayProvider(
            "sandbox-razorpay", RazorpayAccount("rzp_test_1", SECRET, (SECRET,), base=sandbox.url)
        ),
    ]


def test_a_wrong_key_is_a_fault_of_ours_and_is_not_shown(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for provider in bad_keys(sandbox):
        with pytest.raises(ProviderMisconfigured) as caught:
            provider.create(new_payment())
        (problem,) = provider.check("http://localhost:8000/events/")
        shown = "".join(traceback.format_exception(caught.value)) + problem
        shown += repr(provider) + repr(vars(provider))
        for hidden in (SECRET, SECRET[-4:], EMAIL):
            assert hidden not in shown
            assert hidden not in caplog.text


def test_errors_and_logs_have_nothing_of_what_was_sent(
    provider: Provider, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    new = new_payment()
    errors = []
    for fault in ("error", "drop", "unreachable", "rate_limited"):
        sandbox.fault(fault, "create")
        try:
            provider.create(replace(new, is_repeat=False))
        except ProviderError as error:
            errors.append("".join(traceback.format_exception(error)))
    sandbox.calm()
    refund = refund_of(captured(provider, sandbox))
    sandbox.fault("refuse", "refund", code="asha.rao@example.com has no money")
    with pytest.raises(ProviderError) as refused:
        provider.refund(refund, 100)
    shown = "".join(errors) + str(refused.value) + repr(new) + repr(provider.create(new_payment()))
    assert len(errors) >= 3
    for hidden in (EMAIL, "whsec_sandbox", "sk_test_sandbox", "razorpay-sandbox-secret"):
        assert hidden not in shown
        assert hidden not in caplog.text


def test_the_packages_are_not_loaded_before_the_first_use() -> None:
    """Memory of processes that never talk to a provider: commands, most web workers."""
    code = (
        "import sys, django; django.setup(); from django.urls import get_resolver;"
        "get_resolver().url_patterns; import bookings.payments.providers as p; p.active_code();"
        "print([name for name in ('stripe', 'requests') if name in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"
