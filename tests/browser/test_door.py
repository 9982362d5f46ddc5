"""The door as a phone sees it."""

import json
from base64 import b64encode
from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from accounts.models import User
from bookings.door import services as door
from bookings.models import Booking
from bookings.tickets.services import door_token, qr_svg
from tests.support.factories import make_show, make_user
from tests.support.money import make_paid_booking

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.without_service_worker]

# Replaces the camera and the browser's BarcodeDetector by ones that see one code. The clock stands
# still, so a delay of a busy machine is not a pause between two scans.
CAMERA = """
  const began = Date.now();
  Date.now = () => began;
  const stage = document.createElement("canvas");
  setInterval(() => stage.getContext("2d").clearRect(0, 0, 9, 9), 50);
  navigator.mediaDevices.getUserMedia = async () => stage.captureStream();
  window.BarcodeDetector = class {
    static getSupportedFormats = async () => ["qr_code"];
    detect = async () => {
      window.looks += 1;
      return [{ rawValue: TOKEN }];
    };
  };
"""
# The policy keeps Playwright's own wait_for_function from looking twice.
FIVE_MORE_LOOKS = """() => new Promise((done) => {
  window.looks = 0;
  const wait = () => (window.looks < 5 ? setTimeout(wait, 50) : done());
  wait();
})"""


@pytest.fixture
def booking() -> Booking:
    return make_paid_booking(make_show(), ["A1", "A2"])


@pytest.fixture
def phone(page: Page, sign_in: Callable[[Page, User], None]) -> Page:
    page.set_viewport_size({"width": 360, "height": 740})
    sign_in(page, User.objects.create_superuser("door@example.com", name="Noor"))
    return page


# A camera that shows the ticket's code, in a browser without BarcodeDetector.
CAMERA_WITHOUT_READER = """
  delete window.BarcodeDetector;
  navigator.mediaDevices.getUserMedia = async () => {
    const stage = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
    const code = new Image();
    code.src = CODE;
    await code.decode();
    setInterval(() => {
      const pen = stage.getContext("2d");
      pen.fillStyle = "white";
      pen.fillRect(0, 0, 640, 480);
      pen.drawImage(code, 170, 90, 300, 300);
    }, 50);
    return stage.captureStream();
  };
"""
NOTE_VIBRATION = """
  window.felt = [];
  Object.defineProperty(navigator, "vibrate", { value: (pattern) => felt.push(String(pattern)) });
"""


def address(booking: Booking) -> str:
    return reverse("bookings:door-show", args=[booking.show_id])


def test_typing_a_reference_lets_people_in_once_and_undo_takes_it_back(
    phone: Page, booking: Booking
) -> None:
    phone.goto(address(booking))
    verdict = phone.get_by_role("status").filter(has=phone.get_by_role("heading"))
    for words in ("Valid", "Already used at"):
        phone.get_by_label("Reference").fill(booking.reference.lower())
        phone.get_by_role("button", name="Check").click()
        expect(verdict).to_contain_text(words)
        expect(phone.get_by_text("2 of 2 in")).to_be_visible()
    expect(phone.get_by_label("Reference")).to_be_focused()
    phone.get_by_role("button", name="They are not in: undo").click()
    expect(verdict).to_contain_text("can come in again")
    expect(phone.get_by_text("0 of 2 in")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360


def test_another_doors_scan_is_counted_without_touching_this_one(
    phone: Page, booking: Booking
) -> None:
    phone.clock.install()
    phone.goto(address(booking))
    staff = make_user(is_staff=True)
    door.admit(by=staff, ticket=booking.reference, show_id=booking.show_id)
    phone.clock.run_for(11_000)
    expect(phone.get_by_text("2 of 2 in")).to_be_visible()


def test_the_camera_scans_where_the_browser_can(phone: Page, booking: Booking) -> None:
    phone.add_init_script(CAMERA.replace("TOKEN", repr(door_token(booking))))
    scans: list[str] = []
    phone.on("request", lambda r: scans.append(r.url) if r.method == "POST" else None)
    phone.goto(address(booking))
    phone.get_by_role("button", name="Scan with the camera").click()
    expect(phone.get_by_role("heading", name="Valid")).to_be_visible()
    # The camera still sees the same code, which counts as one scan.
    phone.evaluate(FIVE_MORE_LOOKS)
    expect(phone.get_by_role("heading", name="Valid")).to_be_visible()
    assert len([url for url in scans if url.endswith(address(booking))]) == 1
    phone.get_by_role("button", name="Stop the camera").click()
    expect(phone.get_by_role("button", name="Scan with the camera")).to_be_visible()


def panel(page: Page) -> Locator:
    return page.locator("#verdict")


def check_ticket(page: Page, reference: str) -> None:
    page.get_by_label("Reference").fill(reference)
    page.get_by_role("button", name="Check").click()


def answer_checks(page: Page, booking: Booking, handler: Callable[[Route], object]) -> None:
    """Let `handler` answer the checks of tickets instead of the site."""
    page.route(
        f"**{address(booking)}",
        lambda route: handler(route) if route.request.method == "POST" else route.fallback(),
    )


FAILURES: dict[str, Callable[[Route], None]] = {
    "server error": lambda route: route.fulfill(status=500, body="<h1>Server error</h1>"),
    "not allowed": lambda route: route.fulfill(status=403, body="<h1>Forbidden</h1>"),
    "connection lost": lambda route: route.abort("connectionfailed"),
    "a page of the network": lambda route: route.fulfill(body="<p>Welcome to the Wi-Fi</p>"),
    "too many requests": lambda route: route.fulfill(status=429, body="<!doctype html><p>429"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_check_that_fails_takes_the_last_answer_away_and_says_so_in_red(
    phone: Page, booking: Booking, failure: str
) -> None:
    phone.add_init_script(NOTE_VIBRATION)
    phone.goto(address(booking))
    check_ticket(phone, booking.reference)
    expect(panel(phone)).to_contain_text("Valid")
    answer_checks(phone, booking, FAILURES[failure])
    check_ticket(phone, booking.reference)
    expect(phone.get_by_role("heading", name="Not checked")).to_be_visible()
    expect(panel(phone)).to_contain_text("Scan again.")
    expect(phone.get_by_label("Reference")).to_be_focused()
    expect(panel(phone)).not_to_contain_text("Valid")
    valid, unchecked = phone.evaluate("felt")
    assert valid != unchecked
    phone.unroute_all()
    check_ticket(phone, booking.reference)
    expect(panel(phone)).to_contain_text("Already used")


def test_a_slow_check_shows_that_it_is_being_checked_and_ends_as_not_checked(
    phone: Page, booking: Booking
) -> None:
    phone.clock.install()
    phone.goto(address(booking))
    check_ticket(phone, booking.reference)
    expect(panel(phone)).to_contain_text("Valid")
    held: list[Route] = []
    answer_checks(phone, booking, held.append)
    check_ticket(phone, booking.reference)
    expect(panel(phone)).to_contain_text("Checking…")
    expect(panel(phone)).not_to_contain_text("Valid")
    phone.clock.run_for(8_000)
    expect(phone.get_by_role("heading", name="Not checked")).to_be_visible()


def test_undoing_without_an_answer_says_that_it_was_not_checked(
    phone: Page, booking: Booking
) -> None:
    phone.goto(address(booking))
    check_ticket(phone, booking.reference)
    phone.route("**/undo/", lambda route: route.abort("connectionfailed"))
    phone.get_by_role("button", name="Undo").click()
    expect(phone.get_by_role("heading", name="Not checked")).to_be_visible()


def test_a_ticket_scanned_while_another_is_checked_is_checked_next(
    phone: Page, booking: Booking
) -> None:
    other = make_paid_booking(booking.show, ["B1"])
    phone.goto(address(booking))
    held: list[Route] = []
    answer_checks(phone, booking, lambda r: r.continue_() if held else held.append(r))
    check_ticket(phone, booking.reference)
    expect(panel(phone)).to_contain_text("Checking…")
    check_ticket(phone, other.reference)
    expect(phone.get_by_label("Reference")).to_have_value("")
    held[0].continue_()
    expect(panel(phone)).to_contain_text("B1")
    expect(phone.get_by_text("3 of 3 in")).to_be_visible()


def test_a_browser_that_cannot_read_codes_scans_with_the_reader_that_is_served(
    phone: Page, booking: Booking
) -> None:
    source = f"data:image/svg+xml;base64,{b64encode(qr_svg(booking).encode()).decode()}"
    loaded: list[str] = []
    phone.on("request", lambda request: loaded.append(request.url))
    phone.add_init_script(CAMERA_WITHOUT_READER.replace("CODE", json.dumps(source)))
    phone.goto(address(booking))
    scan = phone.get_by_role("button", name="Scan with the camera")
    expect(scan).to_be_visible()
    assert not [url for url in loaded if "qr-decode" in url], "loaded before it is needed"
    scan.click()
    expect(phone.get_by_role("heading", name="Valid")).to_be_visible()
    assert [url for url in loaded if "qr-decode" in url]


def test_the_door_works_without_javascript(
    phone: Page, booking: Booking, visitor: Callable[..., BrowserContext]
) -> None:
    known = phone.context.storage_state()
    page = visitor(java_script_enabled=False, storage_state=known).new_page()
    page.goto(address(booking))
    page.get_by_label("Reference").fill(booking.reference)
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("heading", name="Valid")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="Undone")).to_be_visible()
