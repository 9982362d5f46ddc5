"""Seat maps that are told each change by the live process, on the site as deployed."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect
from pytest_django import DjangoDbBlocker

from accounts.models import User
from bookings import services
from shows.seatmap import current as seatmap
from tests.support.browser import PATIENCE_MS
from tests.support.deployed_site import DeployedSite, serve
from tests.support.factories import begin, lapse, make_booking, make_show, make_user
from tests.support.live_map import (
    COUNT_STREAMS,
    HIDE,
    READ_MAP,
    announced,
    open_map,
    opening_a_stream,
    seat,
    stop_clock,
)
from tests.support.live_process import LiveProcess, pushing
from tests.support.screens import SMALL, Screen

POLL_MS = 5_000
#: After this time without a word, a page does without the stream.
SILENCE_MS = 20_000
STREAMS = "**/live/shows/**"
SignIn = Callable[[Page, User], None]
Visitor = Callable[..., BrowserContext]


@pytest.fixture(scope="module")
def live(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[LiveProcess]:
    with django_db_blocker.unblock(), pushing(tmp_path_factory.mktemp("live")) as process:
        yield process


@pytest.fixture(scope="module")
def deployed_site(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
    live: LiveProcess,
) -> Iterator[DeployedSite]:
    """Instead of the session's site, one whose pages know the live process."""
    folder = tmp_path_factory.mktemp("deployed_site")
    with django_db_blocker.unblock(), serve(folder, LIVE_URL=live.setting) as site:
        yield site


@pytest.fixture
def visitor(visitor: Visitor) -> Visitor:
    """Visitors whose pages count their streams."""

    def visitor_with_count(**options: Any) -> BrowserContext:
        context = visitor(**options)
        context.add_init_script(COUNT_STREAMS)
        return context

    return visitor_with_count


@pytest.mark.screens(SMALL)
def test_a_hold_in_one_browser_is_on_the_others_screen_without_a_poll(
    page: Page, screen: Screen, visitor: Visitor, sign_in: SignIn
) -> None:
    show = make_show()
    stop_clock(page)
    polls = open_map(page, show)
    seat(page, "C4").check()
    seat(page, "C5").check()
    seat(page, "C4").focus()
    # The presses are over for the page.
    page.clock.run_for(1)

    other = visitor().new_page()
    sign_in(other, make_user())
    open_map(other, show)
    seat(other, "A1").check()
    seat(other, "A2").check()
    other.get_by_role("button", name="Continue").click()

    expect(page.get_by_role("checkbox", name="A2, taken for now")).to_be_disabled()
    expect(seat(page, "A1")).to_be_disabled()
    expect(page.locator("#hall-free")).to_have_text("46 of 48 seats free, 2 wheelchair places")
    expect(seat(page, "C4")).to_be_checked()
    expect(seat(page, "C5")).to_be_checked()
    expect(seat(page, "C4")).to_be_focused()
    expect(page.locator("[data-total]")).to_have_text("₹500")
    page.clock.run_for(3 * POLL_MS)
    assert not polls
    screen.check(page)


def test_after_any_changes_the_map_is_as_the_server_draws_it(page: Page, visitor: Visitor) -> None:
    show = make_show("A sss_ww\nE pp_WW")
    stop_clock(page)
    polls = open_map(page, show)
    fresh = visitor().new_page()

    def check(label: str, name: str) -> None:
        expect(seat(page, label)).to_have_attribute("aria-label", f"{label}{name}")
        fresh.goto(show.get_absolute_url())
        assert page.evaluate(READ_MAP) == fresh.evaluate(READ_MAP)

    ours, others = make_user(), make_user()
    hold = services.hold_seats(user=ours, show_id=show.pk, labels=["A1", "A2", "E1"])
    check("E1", ", taken for now")
    services.confirm_booking(user=ours, reference=hold.reference)
    check("E1", ", taken")
    places = services.hold_seats(user=others, show_id=show.pk, labels=["A4", "A5", "E3"])
    check("E3", ", taken for now")
    make_booking(show, ["A3", "E2"])
    check("E2", ", taken")
    lapse(places)
    seatmap.forget(show.pk)
    check("E3", ", premium, wheelchair place, ₹400")
    check("A4", ", wheelchair place, ₹250")
    services.cancel_booking(user=ours, reference=hold.reference)
    check("E1", ", premium, ₹400")
    make_booking(show, ["A1", "A2", "A4", "A5", "E1", "E3", "E4"])
    check("E4", ", taken")
    assert not polls


def test_a_chosen_seat_that_is_lost_is_unticked_and_announced_and_its_neighbour_has_the_focus(
    page: Page,
) -> None:
    show = make_show()
    open_map(page, show)
    seat(page, "C4").check()
    seat(page, "C5").check()
    seat(page, "C4").focus()
    make_booking(show, ["C4", "A1"])
    expect(announced(page)).to_have_text(
        "C4 was just taken by someone else and is no longer chosen."
    )
    expect(seat(page, "C4")).not_to_be_checked()
    expect(seat(page, "C5")).to_be_checked()
    expect(page.locator("[data-total]")).to_have_text("₹250")
    expect(seat(page, "C3")).to_be_focused()
    assert page.locator('#seat-map input[tabindex="0"]').count() == 1


def test_a_focus_outside_of_the_map_stays_when_the_seat_in_the_tab_order_is_taken(
    page: Page,
) -> None:
    show = make_show()
    open_map(page, show)
    page.get_by_role("button", name="Continue").focus()
    make_booking(show, ["A1"])
    expect(seat(page, "A1")).to_be_disabled()
    expect(page.get_by_role("button", name="Continue")).to_be_focused()
    expect(seat(page, "A2")).to_have_attribute("tabindex", "0")


def test_the_viewers_own_seats_stay_chosen_until_they_are_released(
    page: Page, sign_in: SignIn
) -> None:
    show, user = make_show(), make_user()
    sign_in(page, user)
    hold = services.hold_seats(user=user, show_id=show.pk, labels=["C4", "C5"])
    open_map(page, show)
    own = page.get_by_role("checkbox", name="C4, ₹250, held for you")
    expect(own).to_be_checked()
    make_booking(show, ["A1"])
    expect(seat(page, "A1")).to_be_disabled()
    expect(own).to_be_checked()
    expect(own).to_be_enabled()
    services.release_hold(user=user, reference=hold.reference)
    expect(page.get_by_role("checkbox", name="C4, ₹250", exact=True)).to_be_checked()
    expect(page.get_by_text("You hold C4, C5.")).to_be_hidden()
    # Somebody else takes a seat that was the viewer's.
    services.hold_seats(user=make_user(), show_id=show.pk, labels=["C4"])
    expect(page.get_by_role("checkbox", name="C4, taken for now")).to_be_disabled()


@pytest.mark.without_service_worker
def test_a_hold_of_ones_own_is_not_announced_as_lost_while_it_is_sent(
    page: Page, sign_in: SignIn
) -> None:
    show = make_show()
    sign_in(page, make_user())
    open_map(page, show)
    other = page.context.new_page()
    open_map(other, show)
    seen: list[str] = []

    def answer_late(route: Route) -> None:
        answer = route.fetch(max_redirects=0, timeout=PATIENCE_MS)
        expect(seat(other, "C4")).to_be_disabled()
        seen.append(announced(page).inner_text())
        route.fulfill(response=answer)

    page.route("**/hold/", answer_late)
    # Neither leaves a seat alone, which would be announced.
    seat(page, "C4").check()
    seat(page, "C5").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("button", name="Confirm")).to_be_visible()
    assert seen == [""]


def test_without_the_process_the_page_polls_and_later_comes_back_to_the_stream(
    page: Page, live: LiveProcess
) -> None:
    show = make_show()
    stop_clock(page)
    polls = open_map(page, show)
    live.kill()
    try:
        make_booking(show, ["A1"])
        # Until then the page may not know that its stream has ended.
        expect(page.locator("html[data-is-opening]")).to_have_count(0)
        page.clock.run_for(POLL_MS)
        expect(seat(page, "A1")).to_be_disabled()
        assert polls
    finally:
        live.start()
    with opening_a_stream(page):
        let_it_try_again(page)
    page.clock.run_for(POLL_MS)
    polls.clear()
    make_booking(show, ["A2"])
    expect(seat(page, "A2")).to_be_disabled()
    assert not polls


def let_it_try_again(page: Page) -> None:
    """Let time pass until the page opens a stream. A try that was under way may have failed."""
    html = page.locator("html")
    streams = html.get_attribute("data-streams")
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while html.get_attribute("data-streams") == streams and time.monotonic() < deadline:
        if html.get_attribute("data-is-opening") is None:
            page.clock.run_for(1_000)
        page.wait_for_timeout(20)


def test_a_stream_that_is_silent_is_given_up_for_polls(page: Page, live: LiveProcess) -> None:
    show = make_show()
    stop_clock(page)
    polls = open_map(page, show)
    with live.frozen():
        make_booking(show, ["A1"])
        page.clock.run_for(SILENCE_MS - POLL_MS)
        assert not polls
        page.clock.run_for(2 * POLL_MS)
        expect(seat(page, "A1")).to_be_disabled()
    assert polls


@pytest.mark.without_service_worker
def test_a_process_that_has_no_room_leaves_the_page_with_its_polls(page: Page) -> None:
    show = make_show()
    page.clock.install()
    page.route(STREAMS, lambda route: route.fulfill(status=503, headers={"Retry-After": "5"}))
    page.goto(show.get_absolute_url())
    make_booking(show, ["A1"])
    page.clock.run_for(POLL_MS)
    expect(seat(page, "A1")).to_be_disabled()


@pytest.mark.without_service_worker
def test_the_answer_to_an_earlier_poll_does_not_undo_a_change(page: Page) -> None:
    show = make_show()
    open_map(page, show)
    waiting: list[Route] = []
    page.route("**/shows/*/seats/?v=*", lambda route: waiting.append(route))
    with page.expect_request("**/shows/*/seats/?v=*"):
        page.evaluate("htmx.trigger('#seat-map', 'refresh')")
    with page.expect_event("requestfailed", lambda request: request == waiting[0].request):
        make_booking(show, ["A1"])
    expect(seat(page, "A1")).to_be_disabled()


def test_a_hidden_page_has_no_stream_and_is_right_when_it_is_looked_at(
    page: Page, live: LiveProcess
) -> None:
    show = make_show()
    polls = open_map(page, show)
    live.wait_until(watchers=1)
    page.evaluate(HIDE, True)
    live.wait_until(watchers=0)
    make_booking(show, ["A1"])
    expect(seat(page, "A1")).to_be_enabled()
    assert not polls
    with opening_a_stream(page):
        page.evaluate(HIDE, False)
    expect(seat(page, "A1")).to_be_disabled()


def test_three_windows_of_a_browser_have_a_stream_and_the_others_poll(
    page: Page, live: LiveProcess
) -> None:
    """In a headless browser all pages of a window are visible, like windows side by side."""
    show = make_show()
    open_map(page, show)
    windows = [page, *(page.context.new_page() for _ in range(4))]
    for window in windows[1:]:
        window.goto(show.get_absolute_url())
    live.wait_until(watchers=3)
    make_booking(show, ["A1"])
    for window in windows:
        expect(seat(window, "A1")).to_be_disabled()
    assert live.health()["watchers"] == 3
    with opening_a_stream(windows[3]):
        page.close()
    with opening_a_stream(windows[4]):
        windows[1].evaluate(HIDE, True)
    make_booking(show, ["A2"])
    expect(seat(windows[3], "A2")).to_be_disabled()
    # The process may hear late of the two that were given up.
    live.wait_until(watchers=3)


def test_after_a_sleep_of_the_computer_the_map_is_right_at_the_next_poll(
    page: Page, live: LiveProcess
) -> None:
    """The timers stood still, the clock went on, and nothing says that the connection is dead."""
    show = make_show()
    stop_clock(page)
    polls = open_map(page, show)
    with live.frozen():
        make_booking(show, ["A1"])
        page.clock.set_system_time(8 * 3600 * 1_000)
        assert not polls
        page.clock.run_for(POLL_MS)
        expect(seat(page, "A1")).to_be_disabled()


def test_a_show_that_begins_ends_the_stream_and_the_polls(page: Page) -> None:
    show = make_show()
    page.clock.install()
    polls = open_map(page, show)
    begin(show)
    seatmap.forget(show.pk)
    page.clock.run_for(POLL_MS)
    expect(page.get_by_text("This show has begun")).to_be_visible()
    expect(page.locator("[data-bar]")).to_be_hidden()
    streams: list[str] = []
    page.on("request", lambda request: streams.append(request.url))
    polls.clear()
    page.clock.run_for(3 * SILENCE_MS)
    assert not polls
    assert not [url for url in streams if "/live/" in url]


def test_a_changed_seat_is_marked_and_the_mark_goes_away_by_itself(page: Page) -> None:
    show = make_show()
    open_map(page, show)
    page.emulate_media(reduced_motion="reduce")
    animations = page.context.new_cdp_session(page)
    animations.send("Animation.enable")
    animations.send("Animation.setPlaybackRate", {"playbackRate": 0})
    make_booking(show, ["A1"])
    expect(page.locator("#seat-map .changed")).to_have_count(1)
    expect(seat(page, "A1")).to_have_css("animation-timing-function", "steps(1)")
    animations.send("Animation.setPlaybackRate", {"playbackRate": 1})
    expect(page.locator("#seat-map .changed")).to_have_count(0)


def test_without_javascript_the_page_asks_for_no_stream_and_books_all_the_same(
    visitor: Visitor, sign_in: SignIn
) -> None:
    show = make_show()
    plain = visitor(java_script_enabled=False).new_page()
    asked: list[str] = []
    plain.on("request", lambda request: asked.append(request.url))
    sign_in(plain, make_user())
    plain.goto(show.get_absolute_url())
    seat(plain, "A1").check()
    plain.get_by_role("button", name="Continue").click()
    expect(plain.get_by_role("button", name="Confirm")).to_be_visible()
    assert not [url for url in asked if "/live/" in url]
