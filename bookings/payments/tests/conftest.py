"""Fixtures of the tests that pay at the sandbox."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from bookings import services
from bookings.models import Booking
from shows.models import Show
from tests.support.factories import make_show, make_user
from tests.support.paying import assert_conserved
from tests.support.sandbox import Sandbox


@pytest.fixture(params=["stripe", "razorpay"])
def provider(request: pytest.FixtureRequest, sandbox: Sandbox, settings: Settings) -> Sandbox:
    """The sandbox with each of both protocols."""
    settings.SANDBOX_PROTOCOL = request.param
    return sandbox


@pytest.fixture
def show() -> Show:
    return make_show()


@pytest.fixture
def held(show: Show) -> Booking:
    """A hold of two seats for ₹500."""
    return services.hold_seats(user=make_user(), show_id=show.pk, labels=["A1", "A2"])


@pytest.fixture
def conserved(sandbox: Sandbox) -> Iterator[None]:
    """Check after the test that no money and no seat was lost."""
    yield
    assert_conserved(sandbox)
