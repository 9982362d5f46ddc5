import pytest
from pytest_django import Settings

from bookings.payments import providers
from bookings.payments.providers.base import Provider
from tests.support.sandbox import Sandbox


@pytest.fixture(params=["stripe", "razorpay"])
def provider(request: pytest.FixtureRequest, sandbox: Sandbox, settings: Settings) -> Provider:
    """The real client of each provider, at the sandbox."""
    settings.SANDBOX_PROTOCOL = request.param
    found = providers.active()
    assert found is not None
    return found


@pytest.fixture
def stripe(sandbox: Sandbox, settings: Settings) -> Provider:
    settings.SANDBOX_PROTOCOL = "stripe"
    return providers.provider("sandbox")


@pytest.fixture
def razorpay(sandbox: Sandbox, settings: Settings) -> Provider:
    settings.SANDBOX_PROTOCOL = "razorpay"
    return providers.provider("sandbox-razorpay")
