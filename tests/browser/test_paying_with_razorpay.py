"""Paying with Razorpay's protocol in a real browser: a form leads to the provider and another back.

The site's workers don't run here. Everything else about paying is in test_paying.py.
"""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django import DjangoDbBlocker

from accounts.models import User
from bookings import services
from bookings.models import Booking
from bookings.payments.models import Payment
from bookings.payments.states import PaymentState
from tests.support.deployed_site import DeployedSite, serve
from tests.support.factories import make_show, make_user
from tests.support.sandbox import Sandbox

SignIn = Callable[[Page, User], None]


@pytest.fixture(scope="module")
def deployed_site(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    sandbox_process: Sandbox,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[DeployedSite]:
    settings = sandbox_process.environment | {"SANDBOX_PROTOCOL": "razorpay"}
    folder = tmp_path_factory.mktemp("shop")
    with django_db_blocker.unblock(), serve(folder, **settings) as site:
        yield site


@pytest.fixture
def user(transactional_db: None, razorpay_sandbox: Sandbox) -> User:
    return make_user()


def at_the_provider(page: Page, user: User, sign_in: SignIn) -> Booking:
    """A buyer of two seats who has come to the provider's page."""
    sign_in(page, user)
    held = services.hold_seats(user=user, show_id=make_show().pk, labels=["C4", "C5"])
    page.goto(held.get_absolute_url())
    page.get_by_role("button", name="Pay ₹500", exact=True).click()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Pay ₹500")).to_be_visible()
    return held


@pytest.mark.parametrize("javascript", [True, False])
def test_two_forms_lead_to_the_ticket(
    visitor: Callable[..., BrowserContext], user: User, sign_in: SignIn, javascript: bool
) -> None:
    page = visitor(java_script_enabled=javascript).new_page()
    held = at_the_provider(page, user, sign_in)
    page.get_by_role("button", name="Pay ₹500").click()
    page.get_by_role("button", name="Back to the shop").click()
    expect(page.get_by_role("heading", name="Booked. Enjoy the film.")).to_be_visible()
    payment = Payment.objects.get()
    assert (payment.state, payment.captured) == (PaymentState.CAPTURED, 50000)
    held.refresh_from_db()
    assert held.status == Booking.Status.CONFIRMED
