"""Tickets without a network: saved, and shown after a restart."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import User
from bookings import services
from bookings.models import Booking
from tests.support.axe import violations
from tests.support.factories import make_booking, make_movie, make_show, make_user
from tests.support.money import make_paid_booking
from tests.support.phone import PHONE, SAVED_BY_NOW, UNDER_THE_WORKER, Phone

pytestmark = pytest.mark.django_db(transaction=True)

# What earlier releases have left: their files, and tickets in a form that is not read any more.
EARLIER_RELEASE = """async () => {
  for (const name of ["offline-earlier", "tickets-0-someone"]) await caches.open(name);
}"""


@pytest.fixture
def user() -> User:
    return make_user(name="Asha Rao")


@pytest.fixture
def ticket(user: User) -> Booking:
    show = make_show(movie=make_movie("Past Lives"), language="English")
    return make_booking(show, ["C4", "C5"], user=user)


def test_a_ticket_opened_once_is_there_without_a_network_after_a_restart(
    phone: Phone, user: User, ticket: Booking
) -> None:
    phone.log_in(user)
    phone.open_and_save(ticket)
    phone.line.cut()
    phone.restart()
    page = phone.page
    # The icon on the home screen opens this address.
    page.goto("/")
    expect(page.get_by_role("heading", name="Your tickets are here.")).to_be_visible()
    expect(page.get_by_text("Saved ", exact=False).first).to_be_visible()
    page.get_by_role("link", name="Past Lives", exact=True).click()
    expect(page).to_have_url(f"{phone.line.url}{ticket.get_absolute_url()}")
    expect(page.get_by_text("The site can’t be reached")).to_contain_text("Saved ")
    for words in ("C4", "C5", ticket.reference, ticket.show.screen.cinema.name):
        expect(page.get_by_text(words, exact=True).first).to_be_visible()
    code = page.locator(".ticket__qr svg")
    expect(code).to_be_visible()
    expect(page.locator("html")).not_to_have_css("background-color", "rgba(0, 0, 0, 0)")
    page.get_by_role("link", name="Show the QR code full screen").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    assert page.locator("form[method=post]").count() == 0
    pdf = page.evaluate(
        "async (address) => (await (await fetch(address)).text()).slice(0, 5)",
        reverse("bookings:pdf", args=[ticket.reference]),
    )
    assert pdf == "%PDF-"


def test_the_pdf_opens_without_a_network(phone: Phone, user: User, ticket: Booking) -> None:
    phone.log_in(user)
    phone.open_and_save(ticket)
    phone.line.cut()
    page = phone.page
    page.goto(ticket.get_absolute_url())
    with page.expect_response(lambda response: response.url.endswith("ticket.pdf")) as answer:
        page.get_by_role("link", name="PDF").click()
    assert answer.value.from_service_worker
    assert (answer.value.status, answer.value.headers["content-type"]) == (200, "application/pdf")


def test_a_ticket_just_bought_is_saved_without_opening_it_again(phone: Phone, user: User) -> None:
    held = services.hold_seats(user=user, show_id=make_show().pk, labels=["A1"])
    phone.log_in(user)
    page = phone.page
    page.goto(held.get_absolute_url())
    page.get_by_role("button", name="Confirm, pay").click()
    expect(page.get_by_text("on this device. It opens here")).to_be_visible()
    phone.line.cut()
    page.goto(held.get_absolute_url())
    expect(page.get_by_text("The site can’t be reached")).to_be_visible()
    expect(page.locator(".ticket__qr svg")).to_be_visible()


def test_any_page_of_a_person_saves_and_refreshes_the_tickets(
    phone: Phone, user: User, ticket: Booking
) -> None:
    phone.log_in(user)
    phone.page.goto("/")
    phone.page.evaluate(UNDER_THE_WORKER)
    phone.page.goto("/")
    assert phone.page.evaluate(SAVED_BY_NOW) == [ticket.reference]


def test_without_an_answer_in_time_the_saved_ticket_is_shown(
    phone: Phone, user: User, ticket: Booking
) -> None:
    phone.log_in(user)
    phone.open_and_save(ticket)
    phone.line.hang()
    phone.page.goto(ticket.get_absolute_url())
    expect(phone.page.get_by_text("The site can’t be reached")).to_be_visible()


def test_an_error_of_the_site_does_not_hide_a_saved_ticket(
    phone: Phone, user: User, ticket: Booking
) -> None:
    phone.log_in(user)
    phone.open_and_save(ticket)
    phone.line.fail()
    phone.page.goto(ticket.get_absolute_url())
    expect(phone.page.get_by_text("The site can’t be reached")).to_be_visible()
    phone.line.restore()
    current = phone.page.get_by_role("heading", name="Booked")
    look = phone.page.get_by_role("link", name="Look for the current ticket")
    # If the site takes more than four seconds, the saved ticket is shown again.
    for _ in range(10):
        if not current.count():
            with phone.page.expect_navigation():
                look.click()
    expect(current).to_be_visible()


def test_nothing_of_other_pages_is_kept(phone: Phone, user: User, ticket: Booking) -> None:
    phone.log_in(user)
    phone.open_and_save(ticket)
    for address in ("/", f"/shows/{ticket.show_id}/", "/accounts/profile/", "/bookings/"):
        phone.page.goto(address)
    phone.page.evaluate(SAVED_BY_NOW)
    kept = {name.partition(" ")[2] for name in phone.cached()}
    of_ticket = {"", "ticket.pdf", "qr.svg"}
    allowed = {f"{ticket.get_absolute_url()}{part}" for part in of_ticket}
    allowed |= {"/bookings/to-save/", "/offline/"}
    assert allowed <= kept
    others = [p for p in kept - allowed if not p.startswith("/static/") and "poster" not in p]
    assert others == []


def test_a_new_release_keeps_the_tickets(phone: Phone, user: User, ticket: Booking) -> None:
    phone.log_in(user)
    phone.open_and_save(ticket)
    phone.page.evaluate(EARLIER_RELEASE)
    # The browser starts the new worker's life again, as with a changed /sw.js.
    phone.page.evaluate("navigator.serviceWorker.ready.then((worker) => worker.unregister())")
    phone.page.goto("/bookings/")
    phone.page.evaluate(UNDER_THE_WORKER)
    names = phone.page.evaluate("caches.keys()")
    assert "offline-earlier" not in names
    assert "tickets-0-someone" not in names
    phone.line.cut()
    phone.page.goto(ticket.get_absolute_url())
    expect(phone.page.locator(".ticket__qr svg")).to_be_visible()


def test_a_full_device_is_said_and_harms_nothing(phone: Phone, user: User, ticket: Booking) -> None:
    phone.page.goto("/")
    phone.page.evaluate(UNDER_THE_WORKER)
    phone.log_in(user)
    quota = {"origin": phone.line.url, "quotaSize": 1}
    phone.context.new_cdp_session(phone.page).send("Storage.overrideQuotaForOrigin", quota)
    phone.page.goto(ticket.get_absolute_url())
    expect(phone.page.get_by_text("This device couldn’t save the ticket.")).to_be_visible()
    expect(phone.page.locator(".ticket__qr svg")).to_be_visible()
    phone.line.cut()
    phone.page.goto(ticket.get_absolute_url())
    expect(phone.page.get_by_role("heading", name="The line went quiet.")).to_be_visible()


def test_the_pages_without_a_network_are_accessible_and_fit(
    phone: Phone, user: User, ticket: Booking
) -> None:
    phone.log_in(user)
    phone.open_and_save(ticket)
    phone.page.emulate_media(reduced_motion="reduce")
    problems = violations(phone.page)
    phone.line.cut()
    for address in ("/", ticket.get_absolute_url(), "/door/1/"):
        phone.page.goto(address)
        problems += violations(phone.page)
        assert phone.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert problems == []


def test_the_site_can_be_installed(phone: Phone, user: User) -> None:
    phone.page.goto("/")
    phone.page.evaluate(UNDER_THE_WORKER)
    session = phone.context.new_cdp_session(phone.page)
    manifest = session.send("Page.getAppManifest")
    assert manifest["errors"] == []
    assert manifest["url"].endswith("/manifest.webmanifest")
    found = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert found == []


def test_the_door_says_that_it_is_offline_and_when_it_is_back(phone: Phone) -> None:
    booking = make_paid_booking(make_show(), ["A1", "A2"])
    phone.log_in(User.objects.create_superuser("door@example.com", name="Noor"))
    page = phone.page
    page.clock.install()
    page.goto(reverse("bookings:door-show", args=[booking.show_id]))
    page.evaluate(UNDER_THE_WORKER)
    warning = page.get_by_role("alert").filter(has_text="Offline: tickets")
    expect(warning).to_be_hidden()
    phone.line.cut()
    page.clock.run_for(11_000)
    expect(warning).to_be_visible()
    expect(page.locator("#toast")).to_be_hidden()
    check(page, booking)
    expect(page.get_by_role("heading", name="Not checked")).to_be_visible()
    phone.line.restore()
    # The browser's own news that it is online is not believed before the site answers.
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(warning).to_be_hidden()
    expect(page.get_by_text("Online again.")).to_be_visible()
    check(page, booking)
    expect(page.get_by_role("heading", name="Valid")).to_be_visible()
    page.evaluate("dispatchEvent(new Event('offline'))")
    expect(warning).to_be_visible()
    expect(page.locator("#toast")).to_be_hidden()


def test_the_page_of_a_network_is_no_answer_at_the_door(phone: Phone) -> None:
    show = make_show()
    phone.log_in(User.objects.create_superuser("door@example.com", name="Noor"))
    page = phone.page
    # While the service worker takes control, `route` may miss a request.
    page.goto("/door/")
    page.evaluate(UNDER_THE_WORKER)
    page.context.route("**/count/", lambda route: route.fulfill(body="<p>Welcome to the Wi-Fi"))
    page.clock.install()
    page.goto(reverse("bookings:door-show", args=[show.pk]))
    page.clock.run_for(11_000)
    expect(page.get_by_role("alert").filter(has_text="Offline")).to_be_visible()
    expect(page.get_by_text("Welcome to the Wi-Fi")).to_have_count(0)


def test_the_door_opened_without_a_network_says_what_to_do(phone: Phone) -> None:
    show = make_show()
    phone.log_in(User.objects.create_superuser("door@example.com", name="Noor"))
    phone.page.goto("/door/")
    phone.page.evaluate(UNDER_THE_WORKER)
    phone.line.cut()
    phone.page.goto(reverse("bookings:door-show", args=[show.pk]))
    expect(phone.page.get_by_role("heading", name="The door is offline.")).to_be_visible()
    expect(phone.page.get_by_text("Write down the reference")).to_be_visible()


def check(page: Page, booking: Booking) -> None:
    page.get_by_label("Reference").fill(booking.reference)
    page.get_by_role("button", name="Check").click()
