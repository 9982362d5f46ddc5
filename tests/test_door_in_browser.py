"""The door as a phone sees it."""

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import User
from bookings import door
from bookings.models import Booking
from bookings.tickets import door_token
from tests.factories import make_booking, make_show, make_user

pytestmark = pytest.mark.django_db(transaction=True)

# A camera that sees one code, in place of the device's and of the browser's reader of it. Its clock
# stands, so that a pause of a busy machine is none between two looks.
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
    return make_booking(make_show(), ["A1", "A2"])


@pytest.fixture
def phone(page: Page, sign_in: Callable[[Page, User], None]) -> Page:
    page.set_viewport_size({"width": 360, "height": 740})
    sign_in(page, User.objects.create_superuser("door@example.com", name="Noor"))
    return page


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
    # The same code goes on lying before the camera, and is one scan.
    phone.evaluate(FIVE_MORE_LOOKS)
    expect(phone.get_by_role("heading", name="Valid")).to_be_visible()
    assert len([url for url in scans if url.endswith(address(booking))]) == 1
    phone.get_by_role("button", name="Stop the camera").click()
    expect(phone.get_by_role("button", name="Scan with the camera")).to_be_visible()


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
