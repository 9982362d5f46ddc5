"""The waiting room in real browsers: joining, the draw, one's turn, choosing seats."""

import re
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from accounts.models import User
from shows.models import Show
from shows.waiting_room import passes, services
from shows.waiting_room.models import OnSale, Place
from tests.support.axe import violations
from tests.support.browser import PATIENCE_MS
from tests.support.deployed_site import DeployedSite
from tests.support.factories import make_movie, make_show, make_user
from tests.support.on_sale import admit_now, make_sale, open_sale, pass_of
from tests.support.screens import SMALL_AND_LARGE, Screen

SignIn = Callable[[Page, User], None]
Visitor = Callable[..., BrowserContext]

# The page looks again when the network comes back, so a test need not wait for its next look.
LOOK = "dispatchEvent(new Event('online'))"


def part(page: Page, name: str) -> Locator:
    return page.locator(f"[data-part={name}]:visible")


def look_until(page: Page, name: str) -> Locator:
    """Let the page look at the state until it shows this part: a worker may keep the last one."""
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not part(page, name).count() and time.monotonic() < deadline:
        page.evaluate(LOOK)
        page.wait_for_timeout(200)
    expect(part(page, name)).to_be_visible()
    return part(page, name)


def spoken(page: Page) -> Locator:
    return page.locator("[data-spoken]")


@pytest.fixture
def show() -> Show:
    movie = make_movie("Perfect Days", slug="perfect-days")
    return make_show(movie=movie, starts_in=timedelta(days=2))


@pytest.mark.screens(*SMALL_AND_LARGE)
def test_from_the_film_through_the_line_to_the_seats(
    page: Page, screen: Screen, sign_in: SignIn, show: Show
) -> None:
    sale = make_sale(show.movie, mode="LOTTERY")
    asha = make_user()
    others = [make_user() for _ in range(4)]
    problems: list[str] = []

    def look_closely() -> None:
        screen.check(page)
        if screen.width == 360:
            problems.extend(violations(page))

    page.goto("/movies/perfect-days/")
    expect(page.get_by_text("Tickets go on sale")).to_be_visible()
    page.locator(f"a[href^='{show.get_absolute_url()}']").click()
    page.wait_for_url(f"**/waiting-room/{sale.pk}/")
    expect(part(page, "before").get_by_text(re.compile(r"^2\d:\d\d$"))).to_be_visible()
    look_closely()
    page.get_by_role("link", name="Come in").click()
    page.wait_for_url(f"**/accounts/login/?next=/waiting-room/{sale.pk}/place/")

    sign_in(page, asha)
    page.goto(f"/waiting-room/{sale.pk}/place/")
    look_closely()
    page.get_by_role("button", name="Come in").click()
    page.wait_for_url(f"**/waiting-room/{sale.pk}/")
    expect(part(page, "inside")).to_be_visible()
    expect(spoken(page)).to_contain_text("You are in.")
    expect(page.get_by_text("before you", exact=False).locator("visible=true")).to_have_count(0)

    for person in others:
        services.join(sale.pk, person)
    admit_now(sale, 0)
    turn = OnSale.objects.get(pk=sale.pk).turn_of(1)
    assert turn
    if turn > 1:
        line = look_until(page, "line")
        expect(line.locator("[data-ahead]")).to_have_text(f"{turn - 1}")
        expect(spoken(page)).to_contain_text(f"At most {turn - 1} pe")
        look_closely()
        admit_now(sale, turn - 1)
    look_until(page, "next")
    expect(spoken(page)).to_have_text("You are next in line.")
    look_closely()

    admit_now(sale, 5)
    turn_now = look_until(page, "turn")
    # No element had the focus. Now the next key reaches the button.
    expect(turn_now.get_by_role("heading")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Choose your seats")).to_be_focused()
    expect(spoken(page)).to_have_text("It’s your turn. Go in now to choose your seats.")
    expect(page).to_have_title("It’s your turn · Waiting room: Perfect Days · BookMyShow")
    look_closely()
    assert not problems
    page.get_by_role("link", name="Choose your seats").click()
    page.wait_for_url("**/movies/perfect-days/**")
    page.locator(f"a[href^='{show.get_absolute_url()}']").click()
    expect(page.get_by_text("You are in until")).to_be_visible()
    page.locator("#s-C4").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="These seats are yours for now")).to_be_visible()


def test_without_scripts_every_step_is_a_link_or_a_button(
    visitor: Visitor, sign_in: SignIn, show: Show
) -> None:
    sale = make_sale(show, mode="FIFO")
    page = visitor(java_script_enabled=False).new_page()
    sign_in(page, make_user())
    page.goto(show.get_absolute_url())
    page.get_by_role("link", name="See my place").click()
    page.get_by_role("button", name="Come in").click()
    expect(page.get_by_text("You are in.")).to_be_visible()
    admit_now(sale, 1)
    page.get_by_role("link", name="Look again").click()
    expect(page.get_by_role("heading", name="It’s your turn")).to_be_visible()
    page.get_by_role("button", name="Choose your seats").click()
    page.wait_for_url(f"**{show.get_absolute_url()}")
    expect(page.get_by_text("You are in until")).to_be_visible()


def test_with_the_network_off_the_page_says_so_and_goes_on_when_it_is_back(
    page: Page, sign_in: SignIn, show: Show
) -> None:
    sale, asha = open_sale(show, rate=1), make_user()
    services.join(sale.pk, make_user())
    sign_in(page, asha)
    page.goto(f"/waiting-room/{sale.pk}/place/")
    page.get_by_role("button", name="Join the line").click()
    look_until(page, "line")
    page.context.set_offline(True)
    expect(page.get_by_text("No connection.")).to_be_visible()
    expect(part(page, "line")).to_be_visible()
    admit_now(sale, 2)
    page.context.set_offline(False)
    look_until(page, "turn")
    expect(page.get_by_text("No connection.")).to_be_hidden()


def test_by_keyboard_the_focus_follows_to_the_turn(page: Page, sign_in: SignIn, show: Show) -> None:
    sale = open_sale(show, rate=1)
    sign_in(page, make_user())
    page.goto(f"/waiting-room/{sale.pk}/place/")
    page.get_by_role("button", name="Join the line").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/waiting-room/{sale.pk}/")
    admit_now(sale, 1)
    look_until(page, "turn")
    page.get_by_role("link", name="Choose your seats").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{show.get_absolute_url()}")
    assert Place.objects.get().entered_at


def test_a_sale_that_closes_or_ends_says_so_on_the_open_page(page: Page, show: Show) -> None:
    sale, staff = make_sale(show), make_user(is_staff=True)
    page.goto(f"/waiting-room/{sale.pk}/")
    link = page.get_by_role("link", name="Come in")
    link.focus()
    services.switch_sale(on_sale_id=sale.pk, mode="CLOSED", by=staff)
    closed = look_until(page, "closed")
    expect(closed.get_by_role("heading")).to_be_focused()
    services.switch_sale(on_sale_id=sale.pk, mode="OFF", by=staff)
    look_until(page, "off")
    page.get_by_role("link", name="See the seats").click()
    page.wait_for_url(f"**{show.get_absolute_url()}")


def test_time_that_ends_while_choosing_is_said_and_leads_back(
    page: Page, sign_in: SignIn, show: Show, deployed_site: DeployedSite
) -> None:
    sale, asha = open_sale(show), make_user()
    sign_in(page, asha)

    def give(text: str) -> None:
        name = f"{passes.COOKIE}{sale.pk}"
        page.context.add_cookies([{"name": name, "value": text, "url": deployed_site.url}])

    give(pass_of(sale, asha))
    page.clock.install(time=0)
    page.clock.pause_at(1_000)
    page.goto(show.get_absolute_url())
    page.locator("#s-C4").check()
    seconds = int(page.locator("[data-let-in]").get_attribute("data-let-in") or "")
    assert 300 < seconds <= 600
    page.clock.fast_forward((seconds - 55) * 1000)
    expect(page.locator("[data-let-in-spoken]")).to_have_text("1 minute left to choose your seats.")
    page.clock.fast_forward(60 * 1000)
    expect(page.get_by_text("Your time to choose seats is over.").first).to_be_visible()
    page.clock.resume()
    give(passes.make(sale.pk, asha.pk, sale.opens_at - timedelta(minutes=1)))
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(f"**/waiting-room/{sale.pk}/place/")
    expect(page.get_by_text("Join the waiting room again to get more.")).to_be_visible()


def test_the_page_on_sale_now_is_accessible_and_follows_by_itself(
    page: Page, visitor: Visitor, sign_in: SignIn, show: Show
) -> None:
    sale, staff = open_sale(show, rate=1), make_user(is_staff=True, is_superuser=True)
    sign_in(page, staff)
    page.goto("/admin/on-sale/")
    in_line = page.locator(".tile", has_text="In line").locator("dd")
    expect(in_line).to_have_text("0")
    services.join(sale.pk, make_user())
    expect(in_line).to_have_text("1")
    # Its own page, because axe writes styles that the security policy of the admin refuses.
    looked_at = visitor().new_page()
    sign_in(looked_at, staff)
    looked_at.goto("/admin/on-sale/")
    assert not violations(looked_at)
