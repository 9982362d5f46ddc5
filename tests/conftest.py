"""Fixtures of the browser tests.

A test uses the fixtures ``page``, ``deployed_site`` (for addresses) and ``sign_in`` (to log in)::

    def test_a_film_is_found_by_its_title(page, deployed_site):
        make_movie(title="Her")
        page.goto("/")
        expect(page.get_by_role("link", name="Her")).to_be_visible()

The pages come from gunicorn, another process, which sees only committed rows. So ``page`` uses
``transactional_db``, which empties the database after the test.

A test runs on one large screen; ``@pytest.mark.screens(...)`` on the test or its module chooses
others. Pages are looked at on SMALL_AND_LARGE (layout, axe, touch, the keyboard). Flows over the
same pages run on SMALL alone: what does not fit, does not fit there first. ``screen.check`` checks
a page in both themes, so only tests of the theme itself run on EVERY_SCREEN.

``page.route`` answers a request instead of the site. Playwright may not see a request that a page
sends while a service worker takes control of it. So a test that uses ``page.route`` has the mark
``without_service_worker``. Without the mark, ``page.route`` fails.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Playwright,
    expect,
    sync_playwright,
)
from pytest_django import DjangoDbBlocker

from accounts.models import User
from bookmyshow.environment import ROOT
from tests.support.api_client import Api, ApiInProcess
from tests.support.browser import PATIENCE_MS, Chromium
from tests.support.deployed_site import DeployedSite, serve
from tests.support.line import Line
from tests.support.phone import Phone
from tests.support.screens import LARGE_LIGHT, Screen

SCREENSHOTS = ROOT / ".data" / "screenshots"
FAILED = pytest.StashKey[bool]()
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def deployed_site(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[DeployedSite]:
    """The site as deployed (gunicorn, collected static files) on the tests' database.

    A test that needs other settings starts another site: ``tests.support.deployed_site.serve``.
    """
    with django_db_blocker.unblock(), serve(tmp_path_factory.mktemp("deployed_site")) as site:
        yield site


@pytest.fixture
def api(deployed_site: DeployedSite, transactional_db: None) -> Api:
    """The API as deployed. It sees the rows that the test has committed."""
    return Api(deployed_site.url)


@pytest.fixture
def quick_api(client: Client, db: None) -> ApiInProcess:
    """The API in the test's process and transaction, without a server. Faster than `api`."""
    return ApiInProcess(client)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright. A process can run it only once."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Chromium]:
    """The browser of this process. Tests of other sites than `deployed_site` open its contexts."""
    chromium = Chromium(playwright)
    yield chromium
    chromium.end()


@pytest.fixture
def phone(playwright: Playwright, deployed_site: DeployedSite, tmp_path: Path) -> Iterator[Phone]:
    """A phone whose browser keeps its profile."""
    line = Line(deployed_site.url)
    phone = Phone(playwright, tmp_path / "profile", line)
    yield phone
    phone.context.close()
    line.cut()


@pytest.fixture
def screen(request: pytest.FixtureRequest) -> Screen:
    """The screen size and theme of the test's visitors."""
    chosen: Screen = getattr(request, "param", LARGE_LIGHT)
    return chosen


@pytest.fixture
def visitor(
    chromium: Chromium, deployed_site: DeployedSite, screen: Screen, transactional_db: None
) -> Iterator[Callable[..., BrowserContext]]:
    """A function that opens a browser with its own cookies: ``visitor(java_script_enabled=False)``.

    Its addresses are relative to the site. It reaches no other machine (tests/support/browser.py).
    """
    looks = {"viewport": screen.viewport, "color_scheme": screen.theme, "locale": "en-GB"}
    with ExitStack() as contexts:

        def visitor(**options: Any) -> BrowserContext:
            given = {"base_url": deployed_site.url} | looks | options
            return contexts.enter_context(chromium.context(**given))

        yield visitor


@pytest.fixture
def has_service_worker(request: pytest.FixtureRequest) -> bool:
    """Whether the browser of the test's own visitor may register the site's service worker."""
    return request.node.get_closest_marker("without_service_worker") is None


@pytest.fixture
def context(visitor: Callable[..., BrowserContext], has_service_worker: bool) -> BrowserContext:
    """The browser of the test's own visitor."""
    return visitor(service_workers="allow" if has_service_worker else "block")


def refuse_to_route(*_: object, **__: object) -> None:
    raise AssertionError("a test that uses page.route needs @pytest.mark.without_service_worker")


@pytest.fixture
def page(
    context: BrowserContext,
    has_service_worker: bool,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Page]:
    """A page of the site, on the test's screen.

    Every uncaught script error and every violation of the content security policy fails the test. A
    failed test leaves a screenshot in ``.data/screenshots/``.
    """
    page = context.new_page()
    if has_service_worker:
        monkeypatch.setattr(page, "route", refuse_to_route)
    problems: list[str] = []

    def note_violation(message: ConsoleMessage) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            problems.append(message.text)

    def note_error(error: Error) -> None:
        # A busy browser skips page transitions and reports that as an error. Our scripts do not
        # cause it.
        if not error.message.startswith("Transition was "):
            problems.append(str(error))

    page.on("pageerror", note_error)
    page.on("console", note_violation)
    yield page
    if request.node.stash.get(FAILED, False):
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{request.node.name}.png", full_page=True)
    assert not problems


@pytest.fixture
def sign_in(deployed_site: DeployedSite) -> Callable[[Page, User], None]:
    """Log a visitor in without the form: ``sign_in(page, user)``."""

    def sign_in(page: Page, user: User) -> None:
        client = Client()
        client.force_login(user)
        value = client.cookies[settings.SESSION_COOKIE_NAME].value
        name = settings.SESSION_COOKIE_NAME
        page.context.add_cookies([{"name": name, "value": value, "url": deployed_site.url}])

    return sign_in


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test once for each screen in its `screens` mark.

    A mark on the test replaces that of the module. Tests that set the screen themselves have
    ``@pytest.mark.screens`` without screens.
    """
    mark = metafunc.definition.get_closest_marker("screens")
    if mark and mark.args and "screen" in metafunc.fixturenames:
        metafunc.parametrize("screen", mark.args, indirect=True, ids=str)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell the fixture ``page`` whether the test failed, for its screenshot."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report
