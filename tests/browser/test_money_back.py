"""Staff watch the refunds of a cancelled show; a customer cancels a ticket and sees the money."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import User
from bookings.payments.models import Payment, Refund
from bookings.payments.refunds.queue import send_due
from bookings.payments.states import OrderState, PaymentState, RefundState
from bookings.show_changes.services import cancel_show
from bookmyshow.core.time import database_now
from shows.models import Show
from tests.support.factories import make_booking, make_show, make_user
from tests.support.money import make_order, make_payment
from tests.support.paid import pay_online
from tests.support.sandbox import Sandbox
from tests.support.screens import SMALL_AND_LARGE, Screen

SignIn = Callable[[Page, User], None]
TICKETS = 5


@pytest.fixture
def staff(transactional_db: None) -> User:
    return User.objects.create_superuser("staff@example.com", name="Staff")


@pytest.fixture
def show(staff: User) -> Show:
    """A show with TICKETS paid tickets, just cancelled."""
    show = make_show()
    for number in range(1, TICKETS + 1):
        order = make_order(make_booking(show, [f"A{number}"]), fee=20_00, state=OrderState.PAID)
        make_payment(order, PaymentState.CAPTURED)
    cancel_show(by=staff, show_id=show.pk)
    return show


def arrive(count: int) -> None:
    now = database_now()
    due = Refund.objects.filter(state=RefundState.DUE).order_by("pk")[:count]
    Refund.objects.filter(pk__in=[refund.pk for refund in due]).update(
        state=RefundState.SUCCEEDED, sent_at=now, ended_at=now
    )


@pytest.mark.parametrize("address", ["refunds", "change"])
def test_the_figures_change_while_the_queue_works(
    page: Page, sign_in: SignIn, staff: User, show: Show, address: str
) -> None:
    sign_in(page, staff)
    page.goto(f"/admin/shows/show/{show.pk}/{address}/")
    status = page.get_by_role("status").filter(has_text="refunds sent")
    expect(status).to_contain_text(f"0 of {TICKETS} refunds sent, ₹0 of ₹1,350")
    arrive(3)
    expect(status).to_contain_text(f"3 of {TICKETS} refunds sent, ₹810 of ₹1,350")
    arrive(2)
    expect(status).to_contain_text("All money is back.")
    expect(page.locator("[hx-get*=refunds]")).to_have_count(0)


def test_without_javascript_a_reload_shows_them(
    visitor: Callable[..., BrowserContext], sign_in: SignIn, staff: User, show: Show
) -> None:
    page = visitor(java_script_enabled=False).new_page()
    sign_in(page, staff)
    page.goto(f"/admin/shows/show/{show.pk}/refunds/")
    arrive(2)
    page.get_by_role("link", name="load the page again").click()
    expect(page.get_by_text(f"2 of {TICKETS} refunds sent")).to_be_visible()


@pytest.mark.screens(*SMALL_AND_LARGE)
def test_a_customer_cancels_and_sees_the_refund_arrive(
    page: Page, sign_in: SignIn, screen: Screen, sandbox: Sandbox
) -> None:
    buyer = make_user()
    booking = make_booking(make_show(starts_in=timedelta(hours=3)), ["A1"], user=buyer)
    payment = pay_online(sandbox, make_order(booking, fee=20_00, policy="240:100,60:50"))
    sign_in(page, buyer)
    page.goto(booking.get_absolute_url())
    page.get_by_text("Cancel this booking").click()
    expect(page.get_by_text("₹125 of ₹270 comes back")).to_be_visible()
    screen.check(page)
    page.get_by_role("button", name="Yes, cancel and send ₹125 back").click()
    expect(page.get_by_text("₹125 is on its way back to you.")).to_be_visible()
    screen.check(page)
    send_due()
    page.reload()
    expect(page.get_by_text("₹125 was given back to you")).to_be_visible()
    assert Payment.objects.get() == payment
    assert sandbox.facts(payment.reference)["refunded"] == 125_00
