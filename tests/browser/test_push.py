"""Push messages in a real browser: the button, the service worker, the notification.

Chromium's own push service can't be reached from a test, and a headless Chromium has none. So two
parts are stand-ins: `PushManager.subscribe` answers a subscription at our push service, and the
message that this push service has decrypted is handed to the service worker by the browser's
debugger (ServiceWorker.deliverPushMessage). All between is real: the button, the permission, the
site, the outbox, encryption and signature, the service worker and its notification. A press on a
notification is an event that the test makes, and Chromium opens no window for it; so the test
reads the address that the worker asks for, and opens it.
"""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, Worker, expect
from pytest_django import DjangoDbBlocker, Settings

from accounts.models import User
from accounts.outbox import sending
from accounts.outbox.models import Channel
from accounts.push.models import Subscription
from bookings import services
from bookings.models import Booking
from bookings.push.scanners import write_hold_ends
from bookings.show_changes.services import move_show
from bookmyshow.core.time import database_now
from tests.support.browser import Chromium
from tests.support.deployed_site import DeployedSite, serve
from tests.support.factories import make_booking, make_movie, make_show, make_user
from tests.support.push_service import PushService, TestBrowser, push_service_running
from tests.support.screens import SMALL_AND_LARGE, Screen

KEY = "cHVzaC1tZXNzYWdlcy1hcmUtc2lnbmVkLXdpdGgtaXQ"
BUTTON = "Tell me on this"
SignIn = Callable[[Page, User], None]

# What a browser does that can reach its push service. It stays subscribed over pages.
SUBSCRIBE = """(browser) => {
  const subscription = (key) => ({
    endpoint: browser.endpoint,
    options: { applicationServerKey: Uint8Array.from(JSON.parse(key)).buffer },
    toJSON: () => browser,
    unsubscribe: async () => { localStorage.removeItem("key"); return true; },
  });
  const known = () => (localStorage.key_ ? subscription(localStorage.key_) : null);
  PushManager.prototype.getSubscription = async () => known();
  PushManager.prototype.subscribe = async (options) => {
    if (!options.userVisibleOnly) throw new DOMException("refused", "NotAllowedError");
    localStorage.key_ = JSON.stringify([...options.applicationServerKey]);
    return known();
  };
  const ask = Notification.requestPermission;
  window.asked = 0;
  Notification.requestPermission = () => { window.asked += 1; return ask.call(Notification); };
}"""


# The browser has a new subscription, and says so to the service worker.
RENEW = """({ endpoint, p256dh, auth }) => {
  const newSubscription = { toJSON: () => ({ endpoint, keys: { p256dh, auth } }) };
  const event = new ExtendableEvent("pushsubscriptionchange");
  self.dispatchEvent(Object.assign(event, { newSubscription }));
}"""


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Chromium]:
    """Instead of the session's browser, one that shows notifications."""
    chromium = Chromium(playwright, notifications=True)
    yield chromium
    chromium.end()


@pytest.fixture(scope="module")
def service() -> Iterator[PushService]:
    with push_service_running() as service:
        yield service


@pytest.fixture(scope="module")
def deployed_site(
    service: PushService,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[DeployedSite]:
    """A site that may send messages to our push service."""
    folder = tmp_path_factory.mktemp("deployed_site")
    own = {"PUSH_TEST_ORIGIN": service.origin, "VAPID_PRIVATE_KEY": KEY}
    with django_db_blocker.unblock(), serve(folder, **own) as site:
        yield site


@pytest.fixture
def push(service: PushService, settings: Settings) -> PushService:
    """The push service. This process sends, with the key of the site."""
    settings.PUSH_TEST_ORIGIN, settings.VAPID_PRIVATE_KEY = service.origin, KEY
    return service


@pytest.fixture
def user(transactional_db: None) -> User:
    return make_user(name="Asha Rao")


@pytest.fixture
def phone(context: BrowserContext, push: PushService) -> TestBrowser:
    """The test's visitor has a browser that can subscribe, and allows notifications."""
    browser = push.browser()
    keys = {"p256dh": browser.p256dh, "auth": browser.auth}
    values = json.dumps({"endpoint": browser.endpoint, "keys": keys})
    context.add_init_script(f"({SUBSCRIBE})({values})")
    context.grant_permissions(["notifications"])
    return browser


class ServiceWorker:
    """The service worker of a page's site, reached by the browser's debugger."""

    def __init__(self, page: Page, site: DeployedSite) -> None:
        self._page, self._origin = page, site.url
        self._debugger = page.context.new_cdp_session(page)
        self._registrations: list[str] = []
        self._debugger.on("ServiceWorker.workerRegistrationUpdated", self._note)
        self._debugger.send("ServiceWorker.enable")
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")

    def _note(self, event: dict[str, Any]) -> None:
        self._registrations += [
            each["registrationId"]
            for each in event["registrations"]
            if each["scopeURL"].startswith(self._origin)
        ]

    def deliver(self, message: dict[str, Any]) -> None:
        while not self._registrations:
            self._page.wait_for_timeout(50)
        self._debugger.send(
            "ServiceWorker.deliverPushMessage",
            {
                "origin": self._origin,
                "registrationId": self._registrations[-1],
                "data": json.dumps(message),
            },
        )

    def notifications(self, *, count: int) -> list[dict[str, Any]]:
        """The notifications that are shown, once there are `count` of them."""
        found: list[dict[str, Any]] = self._page.evaluate(
            """async (count) => {
              const registration = await navigator.serviceWorker.ready;
              for (;;) {
                const shown = await registration.getNotifications();
                if (shown.length === count) {
                  return shown.map(({ title, body, tag, data, icon }) =>
                    ({ title, body, tag, data, icon }));
                }
                await new Promise((done) => setTimeout(done, 50));
              }
            }""",
            count,
        )
        return found

    def press(self, worker: Worker) -> str:
        """Press the first notification; returns the address that the worker wants to open."""
        address: str = worker.evaluate(
            """async () => {
              const [notification] = await self.registration.getNotifications();
              const opened = new Promise((done) => {
                clients.openWindow = async (url) => done(url);
              });
              self.dispatchEvent(new NotificationEvent("notificationclick", { notification }));
              return opened;
            }"""
        )
        return address


def program_of(context: BrowserContext) -> Worker:
    """The service worker's program. The debugger may hear of it later than the page."""
    while not context.service_workers:
        context.pages[0].wait_for_timeout(50)
    (program,) = context.service_workers
    return program


def send() -> sending.Sent:
    return sending.send_due(Channel.PUSH)


def the_hold(user: User) -> Booking:
    show = make_show(movie=make_movie("Her"))
    return services.hold_seats(user=user, show_id=show.pk, labels=["C4", "C5"])


@pytest.mark.screens(*SMALL_AND_LARGE)
def test_a_hold_that_ends_is_told_by_the_service_worker_and_opens_its_page(
    page: Page,
    user: User,
    phone: TestBrowser,
    push: PushService,
    sign_in: SignIn,
    deployed_site: DeployedSite,
    screen: Screen,
) -> None:
    booking = the_hold(user)
    sign_in(page, user)
    page.goto(booking.get_absolute_url())
    button = page.get_by_role("button", name=BUTTON)
    expect(button).to_be_visible()
    assert page.evaluate("asked") == 0, "nothing is asked before the press"
    screen.check(page)
    button.click()
    expect(page.get_by_text("We’ll tell you on this")).to_be_visible()
    assert page.evaluate("asked") == 1
    screen.check(page)

    now = database_now()
    Booking.objects.filter(pk=booking.pk).update(
        created_at=now - timedelta(minutes=2), expires_at=now + timedelta(seconds=30)
    )
    assert write_hold_ends() == 1
    assert send().sent == 1
    (message,) = push.messages_to(phone)

    worker = ServiceWorker(page, deployed_site)
    worker.deliver(message)
    (shown,) = worker.notifications(count=1)
    assert shown["title"] == "30 seconds left for your seats"
    assert shown["body"] == "Her: C4, C5"
    assert shown["icon"].startswith(f"{deployed_site.url}/static/icons/icon-192")
    # The same event again takes its place.
    worker.deliver(message)
    assert len(worker.notifications(count=1)) == 1

    page.goto("/")
    address = worker.press(program_of(page.context))
    assert worker.notifications(count=0) == []
    page.goto(address)
    expect(page).to_have_url(f"{deployed_site.url}{booking.get_absolute_url()}")
    assert push.problems == []


def test_who_chose_only_moved_shows_is_told_that_and_can_stop_it(
    page: Page, phone: TestBrowser, push: PushService, deployed_site: DeployedSite, user: User,
    sign_in: SignIn,
) -> None:  # fmt: skip
    show = make_show(movie=make_movie("Her"), starts_in=timedelta(hours=26))
    ticket = make_booking(show, ["C4"], user=user)
    sign_in(page, user)
    page.goto(ticket.get_absolute_url())
    for topic in ("30 seconds before", "2 hours before"):
        page.get_by_role("checkbox", name=topic).uncheck()
    page.get_by_role("button", name=BUTTON).click()
    expect(page.get_by_role("button", name="Turn off")).to_be_visible()
    assert Subscription.objects.get().topics == ["moved"]
    page.reload()
    expect(page.get_by_role("checkbox", name="moved or cancelled")).to_be_checked()
    expect(page.get_by_role("checkbox", name="2 hours before")).not_to_be_checked()

    staff = make_user(is_superuser=True)
    move_show(by=staff, show_id=show.pk, starts_at=show.starts_at + timedelta(hours=1))
    assert send().sent == 1
    (message,) = push.messages_to(phone)
    worker = ServiceWorker(page, deployed_site)
    worker.deliver(message)
    (shown,) = worker.notifications(count=1)
    assert shown["title"] == "Her was moved"

    page.get_by_role("button", name="Turn off").click()
    expect(page.get_by_role("button", name=BUTTON)).to_be_visible()
    assert not Subscription.objects.exists()


def test_a_subscription_that_the_browser_renews_is_told_to_the_site(
    page: Page, user: User, phone: TestBrowser, push: PushService, sign_in: SignIn
) -> None:
    ticket = make_booking(make_show(), ["C4"], user=user)
    sign_in(page, user)
    page.goto(ticket.get_absolute_url())
    page.get_by_role("button", name=BUTTON).click()
    expect(page.get_by_role("button", name="Turn off")).to_be_visible()
    renewed = push.browser()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    program = program_of(page.context)
    with page.context.expect_event("response", lambda answer: "/push/renew/" in answer.url) as told:
        program.evaluate(RENEW, renewed.form)
    assert told.value.status == 204
    assert Subscription.objects.get().endpoint == renewed.endpoint
    page.reload()
    expect(page.get_by_role("button", name="Turn off")).to_be_visible()


def test_a_message_leads_to_no_other_site(
    page: Page, phone: TestBrowser, deployed_site: DeployedSite
) -> None:
    page.goto("/")
    worker = ServiceWorker(page, deployed_site)
    worker.deliver({"title": "Her", "url": "https://evil.example/", "tag": "x"})
    (shown,) = worker.notifications(count=1)
    assert shown["data"] == {"url": f"{deployed_site.url}/bookings/"}


def test_after_log_out_the_next_person_is_not_told_what_the_former_asked_for(
    page: Page, user: User, phone: TestBrowser, push: PushService, sign_in: SignIn
) -> None:
    booking = the_hold(user)
    sign_in(page, user)
    page.goto(booking.get_absolute_url())
    page.get_by_role("button", name=BUTTON).click()
    expect(page.get_by_text("We’ll tell you on this")).to_be_visible()
    page.goto("/accounts/profile/")
    expect(page.get_by_role("heading", name="Notifications")).to_be_visible()
    expect(page.get_by_text("This browser")).to_be_visible()
    page.locator("[data-menu] summary").click()
    page.get_by_role("button", name="Log out", exact=True).click()
    expect(page.get_by_role("link", name="Log in").first).to_be_visible()
    now = database_now()
    Booking.objects.filter(pk=booking.pk).update(
        created_at=now - timedelta(minutes=2), expires_at=now + timedelta(seconds=30)
    )
    assert write_hold_ends() == 0
    assert push.messages_to(phone) == []

    ravi = make_user()
    sign_in(page, ravi)
    page.goto(the_hold(ravi).get_absolute_url())
    expect(page.get_by_role("button", name=BUTTON)).to_be_visible()


def test_blocked_notifications_are_explained(
    page: Page, user: User, phone: TestBrowser, sign_in: SignIn
) -> None:
    page.add_init_script("Object.defineProperty(Notification, 'permission', {value: 'denied'})")
    sign_in(page, user)
    page.goto(the_hold(user).get_absolute_url())
    expect(page.get_by_text("Notifications from this site are blocked")).to_be_visible()
    expect(page.get_by_role("button", name=BUTTON)).to_be_hidden()


def test_a_browser_without_push_is_told_so(page: Page, user: User, sign_in: SignIn) -> None:
    page.add_init_script("delete window.PushManager")
    sign_in(page, user)
    page.goto(the_hold(user).get_absolute_url())
    expect(page.get_by_text("This browser can’t show notifications")).to_be_visible()


def test_a_subscription_that_fails_says_so(
    page: Page, user: User, phone: TestBrowser, sign_in: SignIn
) -> None:
    fails = "async () => { throw new DOMException('no', 'AbortError') }"
    page.add_init_script(f"PushManager.prototype.subscribe = {fails}")
    sign_in(page, user)
    page.goto(the_hold(user).get_absolute_url())
    page.get_by_role("button", name=BUTTON).click()
    expect(page.get_by_text("That did not work. Please try again.")).to_be_visible()
    expect(page.get_by_role("button", name=BUTTON)).to_be_enabled()


def test_a_push_service_that_never_answers_leaves_a_button_that_works(
    page: Page, user: User, phone: TestBrowser, sign_in: SignIn
) -> None:
    waits = "() => { document.body.dataset.waits = ''; return new Promise(() => {}); }"
    page.add_init_script(f"PushManager.prototype.subscribe = {waits}")
    sign_in(page, user)
    page.goto(make_booking(make_show(), ["A1"], user=user).get_absolute_url())
    page.clock.install(time=0)
    page.clock.pause_at(1_000)
    page.get_by_role("button", name=BUTTON).click()
    expect(page.locator("body[data-waits]")).to_be_attached()
    expect(page.get_by_role("button", name=BUTTON)).to_be_disabled()
    page.clock.fast_forward(16_000)
    expect(page.get_by_text("That did not work. Please try again.")).to_be_visible()
    expect(page.get_by_role("button", name=BUTTON)).to_be_enabled()


def test_without_javascript_nothing_is_shown(
    visitor: Callable[..., BrowserContext], user: User, sign_in: SignIn
) -> None:
    page = visitor(java_script_enabled=False).new_page()
    sign_in(page, user)
    page.goto(the_hold(user).get_absolute_url())
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("button", name=BUTTON)).to_be_hidden()
    expect(page.get_by_text("This browser can’t show notifications")).to_be_hidden()
