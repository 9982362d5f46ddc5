"""The counter as a clerk uses it: keyboard first, with a queue waiting."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import User
from accounts.staff.roles import BOX_OFFICE
from bookings.counter.models import CashUp
from bookings.models import Booking
from bookings.payments.models import Payment, Refund
from bookings.tickets.services import door_token
from tests.support.factories import make_booking, make_show, make_user
from tests.support.money import take_at_counter as take
from tests.support.screens import SMALL_AND_LARGE, Screen

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def booking() -> Booking:
    """₹650 to pay."""
    return make_booking(make_show(), ["A1", "E1"], user=make_user(name="Meera Iyer"))


@pytest.fixture
def clerk() -> User:
    clerk = make_user("noor@example.com", is_staff=True, name="Noor")
    clerk.groups.add(Group.objects.get(name=BOX_OFFICE))
    clerk.refresh_from_db()
    return clerk


@pytest.fixture
def till(page: Page, clerk: User, sign_in: Callable[[Page, User], None]) -> Page:
    sign_in(page, clerk)
    page.goto("/counter/")
    return page


@pytest.mark.screens(*SMALL_AND_LARGE)
def test_a_scan_an_amount_and_enter_take_the_money(
    till: Page, booking: Booking, screen: Screen
) -> None:
    # A hand-held scanner types the code and presses Enter.
    expect(till.get_by_label("Find a booking")).to_be_focused()
    till.keyboard.type(door_token(booking))
    till.keyboard.press("Enter")
    expect(till.get_by_role("heading", name="To pay")).to_be_visible()
    expect(till.get_by_text("₹650", exact=True)).to_be_visible()
    expect(till.get_by_label("Cash given")).to_be_focused()
    screen.check(till)
    till.keyboard.type("1000")
    expect(till.get_by_text("Change ₹350")).to_be_visible()
    till.keyboard.press("Enter")
    expect(till.get_by_role("heading", name="Paid")).to_be_visible()
    expect(till.get_by_text("Change ₹350")).to_be_visible()
    expect(till.get_by_label("Next customer")).to_be_focused()
    screen.check(till)
    payment = Payment.objects.get()
    assert (payment.method, payment.captured, str(payment.taken_by)) == ("cash", 65_000, "Noor")


def test_too_little_cash_is_said_and_takes_nothing(till: Page, booking: Booking) -> None:
    till.goto(f"/counter/{booking.reference}/")
    till.get_by_label("Cash given").fill("500")
    expect(till.get_by_text("₹150 short")).to_be_visible()
    till.get_by_role("button", name="Cash").click()
    expect(till.get_by_role("alert").filter(has_text="That is ₹150 short.")).to_be_visible()
    expect(till.get_by_label("Cash given")).to_be_focused()
    assert not Payment.objects.exists()
    till.get_by_role("button", name="Card").click()
    expect(till.get_by_text("Card at the counter, taken by Noor")).to_be_visible()


def test_a_mistake_is_undone_and_taken_again(till: Page, booking: Booking, clerk: User) -> None:
    take(clerk, booking)
    till.goto(f"/counter/{booking.reference}/")
    till.get_by_text("A mistake?").click()
    till.get_by_role("button", name="Undo ₹650").click()
    expect(till.get_by_role("heading", name="To pay")).to_be_visible()
    till.get_by_role("button", name="Other").click()
    expect(till.get_by_role("heading", name="Paid")).to_be_visible()
    assert Payment.objects.count() == 2
    assert Refund.objects.get().state == "SUCCEEDED"


def test_a_customer_is_found_by_name(till: Page, booking: Booking) -> None:
    make_booking(booking.show, ["B1"], user=make_user(name="Meera Nair"))
    till.get_by_label("Find a booking").fill("meera")
    till.keyboard.press("Enter")
    row = till.get_by_role("link", name="Meera Iyer")
    expect(row).to_contain_text("₹650")
    assert "meera" not in till.url
    row.click()
    expect(till.get_by_role("heading", name="To pay")).to_be_visible()


def test_the_counter_works_without_javascript(
    till: Page, booking: Booking, visitor: Callable[..., BrowserContext]
) -> None:
    known = till.context.storage_state()
    page = visitor(java_script_enabled=False, storage_state=known).new_page()
    page.goto("/counter/")
    page.get_by_label("Find a booking").fill(booking.reference)
    page.get_by_role("button", name="Find").click()
    page.get_by_label("Cash given").fill("700")
    page.get_by_role("button", name="Cash").click()
    expect(page.get_by_text("Change ₹50")).to_be_visible()
    page.get_by_text("A mistake?").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("₹650", exact=True)).to_be_visible()


def test_the_door_sends_to_the_counter_and_then_lets_in(till: Page, booking: Booking) -> None:
    address = reverse("bookings:door-show", args=[booking.show_id])
    till.goto(address)
    till.get_by_label("Reference").fill(booking.reference)
    till.get_by_role("button", name="Check").click()
    expect(till.get_by_role("heading", name="To pay: ₹650")).to_be_visible()
    till.get_by_role("link", name="Take ₹650").click()
    till.get_by_role("button", name="Cash").click()
    expect(till.get_by_role("heading", name="Paid")).to_be_visible()
    till.goto(address)
    till.get_by_label("Reference").fill(booking.reference)
    till.get_by_role("button", name="Check").click()
    expect(till.get_by_role("heading", name="Valid")).to_be_visible()


@pytest.mark.screens(*SMALL_AND_LARGE)
def test_a_drawer_is_counted_and_corrected(
    till: Page, booking: Booking, clerk: User, screen: Screen
) -> None:
    take(clerk, booking)
    till.get_by_role("link", name="Cash-up").click()
    expect(till.get_by_role("row", name="Noor")).to_contain_text("₹650")
    till.get_by_label("Float").fill("1000")
    till.get_by_label("Counted").fill("1600")
    screen.check(till)
    till.get_by_role("button", name="Store the count").click()
    expect(till.get_by_role("status").filter(has_text="₹50 missing")).to_be_visible()
    screen.check(till)
    till.get_by_text("Count again").click()
    expect(till.get_by_label("Float")).to_have_value("1000")
    till.get_by_label("Counted").fill("1650")
    till.get_by_role("button", name="Correct the count").click()
    expect(till.get_by_role("status").filter(has_text="Exact")).to_be_visible()
    assert CashUp.objects.count() == 2
