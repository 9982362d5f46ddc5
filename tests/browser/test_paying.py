"""Paying online in a real browser: the site in one process, the payment sandbox in another.

The site's workers don't run here. Where a worker would act, the test calls what the worker calls.
"""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db.models import F
from django.test import Client
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django import DjangoDbBlocker

from accounts.models import User
from bookings import services
from bookings.models import Booking
from bookings.payments.models import Order, Payment
from bookings.payments.reconciling.reconciler import reconcile
from bookings.payments.states import OrderState, PaymentState
from shows.models import Show
from tests.support.axe import violations
from tests.support.browser import Chromium
from tests.support.deployed_site import DeployedSite, serve
from tests.support.factories import (
    lapse,
    make_booking,
    make_cinema,
    make_screen,
    make_show,
    make_user,
)
from tests.support.sandbox import Sandbox
from tests.support.screens import SMALL, SMALL_AND_LARGE, Screen

pytestmark = pytest.mark.screens(SMALL)
SignIn = Callable[[Page, User], None]
PAY, CONTINUE = "Pay ₹540", "Continue to the test page"
BOOKED = "Booked. Enjoy the film."


@pytest.fixture(scope="module")
def deployed_site(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    sandbox_process: Sandbox,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[DeployedSite]:
    """The site of this file's visitors sells online, at the sandbox."""
    folder = tmp_path_factory.mktemp("shop")
    with django_db_blocker.unblock(), serve(folder, **sandbox_process.environment) as site:
        yield site


@pytest.fixture
def user(transactional_db: None, sandbox: Sandbox) -> User:
    return make_user()


@pytest.fixture
def show(user: User) -> Show:
    return make_show(screen=make_screen(cinema=make_cinema(booking_fee=20)))


@pytest.fixture
def held(user: User, show: Show, page: Page, sign_in: SignIn) -> Booking:
    sign_in(page, user)
    return services.hold_seats(user=user, show_id=show.pk, labels=["C4", "C5"])


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


def press_and_leave(page: Page, name: str) -> None:
    """Press a button that leads to the provider. It has a button with the same words."""
    press(page, name)
    expect(page.get_by_role("heading", name="Pay ₹540")).to_be_visible()


def go_to_the_provider(page: Page, booking: Booking) -> None:
    page.goto(booking.get_absolute_url())
    press_and_leave(page, PAY)


def booked(page: Page) -> None:
    expect(page.get_by_role("heading", name=BOOKED)).to_be_visible()


def let_the_reconciler_look() -> None:
    Payment.objects.update(next_check_at=timezone.now())
    reconcile()


@pytest.mark.screens(*SMALL_AND_LARGE)
def test_paying_leads_to_the_ticket(page: Page, held: Booking, screen: Screen) -> None:
    page.goto(held.get_absolute_url())
    screen.check(page)
    expect(page.get_by_role("button", name=PAY)).to_be_in_viewport()
    expect(page.get_by_text("Test mode: no money moves.")).to_be_visible()
    press_and_leave(page, PAY)
    press(page, PAY)
    booked(page)
    screen.check(page)
    expect(page.get_by_text(re.compile("₹540 paid online on"))).to_be_visible()
    payment = Payment.objects.get()
    assert (payment.state, payment.captured) == (PaymentState.CAPTURED, 54000)
    assert Booking.objects.get().status == "CONFIRMED"
    page.goto("/bookings/")
    screen.check(page)
    expect(page.get_by_text("₹540 paid")).to_be_visible()


def test_the_same_without_javascript(
    visitor: Callable[..., BrowserContext], user: User, show: Show, sign_in: SignIn
) -> None:
    page = visitor(java_script_enabled=False).new_page()
    sign_in(page, user)
    held = services.hold_seats(user=user, show_id=show.pk, labels=["C4", "C5"])
    go_to_the_provider(page, held)
    press(page, PAY)
    booked(page)


def test_the_same_by_keyboard_alone(page: Page, held: Booking) -> None:
    def tab_to(selector: str) -> None:
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("s => document.activeElement.matches(s)", selector):
                return
        raise AssertionError(f"Tab never reached {selector}")

    page.goto(held.get_absolute_url())
    tab_to(".button--primary")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Pay ₹540")).to_be_visible()
    tab_to("button[value=pay]")
    page.keyboard.press("Enter")
    booked(page)


def test_a_declined_payment_is_tried_again(page: Page, held: Booking) -> None:
    go_to_the_provider(page, held)
    press(page, "Decline this payment")
    expect(page.get_by_text("Declined.")).to_be_visible()
    page.get_by_role("link", name="Go back without paying").click()
    expect(page.get_by_text("Your payment was declined.")).to_be_visible()
    press_and_leave(page, PAY)
    press(page, PAY)
    booked(page)
    assert Payment.objects.filter(state=PaymentState.CAPTURED).count() == 1


def test_a_buyer_who_goes_back_can_continue_or_choose_another_way(
    page: Page, held: Booking, screen: Screen
) -> None:
    go_to_the_provider(page, held)
    page.get_by_role("link", name="Go back without paying").click()
    expect(page.get_by_text("You came back without paying.")).to_be_visible()
    expect(page.get_by_role("heading", name="You are paying")).to_be_visible()
    screen.check(page)
    page.get_by_role("link", name=CONTINUE).click()
    press(page, PAY)
    booked(page)


def test_the_back_button_and_a_reload_lead_to_the_open_payment(page: Page, held: Booking) -> None:
    go_to_the_provider(page, held)
    page.go_back()
    expect(page.get_by_role("heading", name="You are paying")).to_be_visible()
    page.reload()
    expect(page.get_by_role("link", name=CONTINUE)).to_be_visible()
    assert Payment.objects.count() == 1


def test_seats_that_are_let_go_end_the_payment(page: Page, held: Booking) -> None:
    go_to_the_provider(page, held)
    page.goto(held.get_absolute_url())
    press(page, "Release seats")
    expect(page.get_by_role("heading", name="You let these seats go")).to_be_visible()
    let_the_reconciler_look()
    # The page asks for news by itself.
    expect(page.get_by_text("Nothing was charged.")).to_be_visible()
    assert Payment.objects.get().state == PaymentState.CANCELLED


def test_a_tab_that_is_closed_after_paying_loses_nothing(
    page: Page, held: Booking, sandbox: Sandbox
) -> None:
    go_to_the_provider(page, held)
    sandbox.pay(Payment.objects.get().reference)
    page.close()
    later = page.context.new_page()
    later.goto(held.get_absolute_url())
    expect(later.get_by_role("heading", name="You are paying")).to_be_visible()
    let_the_reconciler_look()
    booked(later)


def test_two_tabs_pay_once(page: Page, held: Booking) -> None:
    other = page.context.new_page()
    other.goto(held.get_absolute_url())
    go_to_the_provider(page, held)
    press(other, PAY)
    expect(other.get_by_role("heading", name="Pay ₹540")).to_be_visible()
    assert other.url == page.url
    press(page, PAY)
    booked(page)
    other.reload()
    other.get_by_role("link", name="Back to the shop").click()
    booked(other)
    assert Payment.objects.get().captured == 54000


def test_a_form_that_is_posted_twice_opens_one_payment(page: Page, held: Booking) -> None:
    page.goto(held.get_absolute_url())
    page.get_by_role("button", name=PAY).dblclick()
    expect(page.get_by_role("heading", name="Pay ₹540")).to_be_visible()
    assert Payment.objects.count() == 1


def test_time_that_runs_out_while_paying_is_said_and_takes_no_money(
    page: Page, held: Booking
) -> None:
    go_to_the_provider(page, held)
    other = page.context.new_page()
    other.goto(held.get_absolute_url())
    expect(other.get_by_role("heading", name="You are paying")).to_be_visible()
    Order.objects.update(pay_until=timezone.now() - timedelta(seconds=1))
    held.refresh_from_db()
    lapse(held)
    let_the_reconciler_look()
    expect(other.get_by_role("heading", name="Your time ran out")).to_be_visible()
    expect(other.get_by_text("Nothing was charged.")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="This checkout has expired")).to_be_visible()
    assert Order.objects.get().state == OrderState.EXPIRED


def test_money_that_comes_late_buys_the_same_seats_if_they_are_free(
    page: Page, held: Booking
) -> None:
    go_to_the_provider(page, held)
    held.refresh_from_db()
    lapse(held)
    press(page, PAY)
    booked(page)
    expect(page.get_by_text("under this new reference")).to_be_visible()
    page.goto(held.get_absolute_url())
    expect(page.get_by_role("link", name="Your ticket for C4, C5")).to_be_visible()


def test_money_that_comes_too_late_goes_back(page: Page, held: Booking, show: Show) -> None:
    go_to_the_provider(page, held)
    held.refresh_from_db()
    lapse(held)
    make_booking(show, ["C4"])
    press(page, PAY)
    expect(page.get_by_role("heading", name="Your payment came too late")).to_be_visible()
    expect(page.get_by_text("Your ₹540 is on its way back.")).to_be_visible()


def test_a_ticket_to_be_paid_at_the_cinema_can_be_paid_online_too(
    page: Page, held: Booking, screen: Screen
) -> None:
    page.goto(held.get_absolute_url())
    press(page, "Confirm, pay ₹500 at the cinema")
    booked(page)
    expect(page.get_by_text("To pay at the cinema: ₹500")).to_be_visible()
    screen.check(page)
    press_and_leave(page, "Pay ₹540 online now")
    press(page, PAY)
    booked(page)
    expect(page.get_by_text("₹540 paid online on")).to_be_visible()


def test_money_that_is_refused_after_confirming_is_asked_for_again(
    page: Page, held: Booking, sandbox: Sandbox, screen: Screen
) -> None:
    sandbox.fault("refuse", "capture")
    go_to_the_provider(page, held)
    press(page, PAY)
    booked(page)
    expect(page.get_by_text("Your payment of ₹540 did not go through.")).to_be_visible()
    screen.check(page)
    press_and_leave(page, "Pay ₹540 online now")
    press(page, PAY)
    expect(page.get_by_text("₹540 paid online on")).to_be_visible()


def test_a_provider_that_does_not_answer_leaves_the_seats(
    page: Page, held: Booking, sandbox: Sandbox
) -> None:
    page.goto(held.get_absolute_url())
    sandbox.kill()
    press(page, PAY)
    expect(page.get_by_text("does not answer right now")).to_be_visible()
    sandbox.start()
    press_and_leave(page, PAY)
    press(page, PAY)
    booked(page)
    assert Payment.objects.count() == 1


def test_a_guest_pays_after_three_fields(page: Page, show: Show, screen: Screen) -> None:
    page.goto(show.get_absolute_url())
    for label in ("C4", "C5"):
        page.get_by_role("checkbox", name=re.compile(rf"^{label},")).check()
    press(page, "Continue")
    press(page, PAY)
    expect(page.get_by_text("Tell us your name.")).to_be_visible()
    assert not Payment.objects.exists()
    page.get_by_label("Your name").fill("Asha Rao")
    page.get_by_label("Email").fill("asha@example.com")
    page.get_by_label("Phone").fill("+91 98200 12345")
    screen.check(page)
    press(page, PAY)
    expect(page.get_by_role("heading", name="Pay ₹540")).to_be_visible()
    # The hold is longer now, as anybody's, and going back changes nothing.
    page.goto(Booking.objects.get().get_absolute_url())
    screen.check(page)
    page.get_by_role("main").get_by_role("button", name=CONTINUE).or_(
        page.get_by_role("main").get_by_role("link", name=CONTINUE)
    ).click()
    press(page, PAY)
    booked(page)
    booking = Booking.objects.get()
    assert (booking.status, booking.user.email) == ("CONFIRMED", "asha@example.com")
    assert Order.objects.get().email == "asha@example.com"
    assert Payment.objects.get().state == PaymentState.CAPTURED


def test_a_network_that_is_dead_is_said(page: Page, held: Booking) -> None:
    page.goto(held.get_absolute_url())
    page.context.set_offline(True)
    with page.expect_event("requestfailed", lambda request: request.method == "POST"):
        press(page, PAY)
    expect(page.get_by_text("Connection failed. Please check your internet.")).to_be_visible()
    page.context.set_offline(False)
    press(page, PAY)
    expect(page.get_by_role("heading", name="Pay ₹540")).to_be_visible()


def test_a_buyer_who_was_logged_out_meanwhile_has_paid_all_the_same(
    page: Page, held: Booking
) -> None:
    go_to_the_provider(page, held)
    page.context.clear_cookies()
    press(page, PAY)
    expect(page.get_by_role("heading", name="Please log in.")).to_be_visible()
    assert Booking.objects.get().status == "CONFIRMED"
    assert Payment.objects.get().state == PaymentState.CAPTURED


@pytest.mark.screens  # The page is the same; what differs is the way to the provider.
def test_a_provider_that_wants_a_form_needs_no_javascript(
    chromium: Chromium, user: User, show: Show, sandbox: Sandbox, tmp_path: Path
) -> None:
    held = services.hold_seats(user=user, show_id=show.pk, labels=["C4", "C5"])
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    with (
        serve(tmp_path, **sandbox.environment, SANDBOX_PROTOCOL="razorpay") as site,
        chromium.context(base_url=site.url, java_script_enabled=False) as context,
    ):
        context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": site.url}])
        page = context.new_page()
        page.goto(held.get_absolute_url())
        press(page, PAY)
        expect(page.get_by_role("heading", name="You are paying")).to_be_visible()
        press(page, CONTINUE)
        press(page, PAY)
        press(page, "Back to the shop")
        booked(page)


@pytest.mark.without_service_worker
@pytest.mark.screens(*SMALL_AND_LARGE)
def test_axe_finds_nothing_on_the_way(page: Page, held: Booking) -> None:
    # No news: the page must not load itself again while the test loads it, or looks at it.
    page.route("**/bookings/*/payment/?seen=*", lambda route: route.fulfill(status=204))
    page.goto(held.get_absolute_url())
    problems = violations(page)
    press(page, PAY)
    expect(page.get_by_role("heading", name="Pay ₹540")).to_be_visible()
    page.goto(held.get_absolute_url())
    problems += violations(page)
    Payment.objects.update(state=PaymentState.AUTHORISED)
    page.reload()
    problems += violations(page)
    long_ago = F("updated_at") - timedelta(hours=1)
    Payment.objects.update(updated_at=long_ago)
    page.reload()
    problems += violations(page)
    Payment.objects.update(state=PaymentState.VOID_DUE)
    lapse(held)
    page.goto(held.get_absolute_url())
    problems += violations(page)
    assert not problems
