"""The live seat map in real browsers, on the site as deployed."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from accounts.models import User
from bookings import services
from bookings.models import Booking
from shows.models import Show
from tests.support.factories import begin, hall, make_booking, make_show, make_user
from tests.support.screens import SMALL, SMALL_AND_LARGE, Screen

pytestmark = pytest.mark.screens(*SMALL_AND_LARGE)

POLL_MS = 5_000
FOCUS = "dispatchEvent(new Event('focus'))"
COUNT_POLLS = """
window.polls = 0;
addEventListener("htmx:beforeRequest", () => { polls += 1; });
"""

SignIn = Callable[[Page, User], None]
Visitor = Callable[..., BrowserContext]


def seat(page: Page, label: str) -> Locator:
    return page.locator(f"#s-{label}")


def announced(page: Page) -> Locator:
    return page.locator("#seat-status")


def test_a_second_browser_sees_seats_taken_within_a_poll_and_keeps_its_own_choice(
    page: Page, screen: Screen, visitor: Visitor, sign_in: SignIn
) -> None:
    show = make_show()
    page.clock.install()
    page.goto(show.get_absolute_url())
    trigger = f"every {POLL_MS // 1000}s, refresh"
    expect(page.locator("#seat-map")).to_have_attribute("hx-trigger", trigger)
    seat(page, "C4").check()
    seat(page, "C5").check()
    seat(page, "C4").focus()

    other = visitor().new_page()
    sign_in(other, make_user())
    other.goto(show.get_absolute_url())
    seat(other, "A1").check()
    seat(other, "A2").check()
    other.get_by_role("button", name="Continue").click()
    expect(other.get_by_role("button", name="Confirm")).to_be_visible()

    page.clock.run_for(POLL_MS)
    expect(seat(page, "A1")).to_be_disabled()
    expect(page.get_by_role("checkbox", name="A2, taken for now")).to_be_disabled()
    expect(seat(page, "C4")).to_be_checked()
    expect(seat(page, "C5")).to_be_checked()
    expect(seat(page, "C4")).to_be_focused()
    expect(page.locator("[data-seats]")).to_have_text("C4, C5")
    expect(page.locator("[data-total]")).to_have_text("₹500")
    screen.check(page)


@pytest.mark.screens(SMALL)
def test_a_chosen_seat_that_someone_else_takes_is_unticked_and_announced(page: Page) -> None:
    show = make_show()
    page.goto(show.get_absolute_url())
    seat(page, "C4").check()
    seat(page, "C5").check()
    make_booking(show, ["C5"])
    expect(announced(page)).to_contain_text("C5 was just taken")
    expect(seat(page, "C5")).not_to_be_checked()
    expect(seat(page, "C4")).to_be_checked()
    expect(page.locator("[data-total]")).to_have_text("₹250")


@pytest.mark.without_service_worker
@pytest.mark.screens(SMALL)
def test_seats_lost_at_the_very_moment_of_holding_are_named_and_the_rest_stay(
    page: Page, sign_in: SignIn
) -> None:
    show = make_show()
    sign_in(page, make_user())
    # Polls are answered with "unchanged", so the page does not know of the booking.
    page.route("**/shows/*/seats/*", lambda route: route.fulfill(status=204))
    page.goto(show.get_absolute_url())
    seat(page, "C4").check()
    seat(page, "C5").check()
    make_booking(show, ["C5"])
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("Seat C5 is no longer free")
    expect(seat(page, "C5")).to_be_disabled()
    expect(seat(page, "C4")).to_be_checked()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("button", name="Confirm")).to_be_visible()


@pytest.mark.screens(SMALL)
def test_the_viewers_own_seats_stay_chosen_through_polls_until_they_choose_others(
    page: Page, sign_in: SignIn
) -> None:
    show, user = make_show(), make_user()
    sign_in(page, user)
    services.hold_seats(user=user, show_id=show.pk, labels=["C4", "C5"])
    page.clock.install()
    page.goto(show.get_absolute_url())
    expect(page.get_by_role("checkbox", name="C4, ₹250, held for you")).to_be_checked()
    make_booking(show, ["A1"])
    page.clock.run_for(POLL_MS)
    expect(seat(page, "A1")).to_be_disabled()
    expect(seat(page, "C4")).to_be_checked()
    expect(seat(page, "C4")).to_be_enabled()
    seat(page, "C4").uncheck()
    seat(page, "C6").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("button", name="Confirm")).to_be_visible()
    assert Booking.objects.get(status="PENDING").seats == ["C5", "C6"]


@pytest.mark.screens(SMALL)
@pytest.mark.parametrize("learns", [FOCUS, "htmx.trigger('#seat-map', 'refresh')"])
def test_a_hold_made_in_another_tab_is_ones_own_here_too_and_so_is_its_end(
    page: Page, sign_in: SignIn, learns: str
) -> None:
    show, user = make_show(), make_user()
    sign_in(page, user)
    page.goto(show.get_absolute_url())
    hold = services.hold_seats(user=user, show_id=show.pk, labels=["C4", "C5"])
    page.evaluate(FOCUS)
    expect(page.get_by_role("checkbox", name="C4, ₹250, held for you")).to_be_checked()
    expect(page.get_by_text("You hold C4, C5.")).to_be_visible()
    expect(page.get_by_role("button", name="Back to checkout")).to_be_visible()

    services.release_hold(user=user, reference=hold.reference)
    page.evaluate(learns)
    expect(page.get_by_text("You hold C4, C5.")).to_be_hidden()
    expect(page.get_by_role("checkbox", name="C4, ₹250", exact=True)).to_be_enabled()
    expect(page.get_by_role("button", name="Continue")).to_be_visible()


def test_arrow_keys_move_between_seats_and_skip_what_is_taken(page: Page, sign_in: SignIn) -> None:
    show = make_show()
    make_booking(show, ["A2"])
    sign_in(page, make_user())
    page.goto(show.get_absolute_url())
    seat(page, "A1").focus()
    for key, label in [
        ("ArrowRight", "A3"),
        ("ArrowDown", "B3"),
        ("End", "B10"),
        ("ArrowUp", "A10"),
        ("Home", "A1"),
    ]:
        page.keyboard.press(key)
        expect(seat(page, label)).to_be_focused()
    page.keyboard.press("Space")
    expect(seat(page, "A1")).to_be_checked()
    assert page.locator('#seat-map input[tabindex="0"]').count() == 1


@pytest.mark.screens(SMALL)
def test_an_eleventh_seat_is_not_taken_on(page: Page) -> None:
    page.goto(make_show().get_absolute_url())
    for number in range(1, 11):
        seat(page, f"A{number}").check()
    seat(page, "B1").click()
    expect(seat(page, "B1")).not_to_be_checked()
    expect(announced(page)).to_contain_text("10 seats are the most")


@pytest.mark.screens(SMALL)
def test_a_seat_left_alone_is_mentioned_and_not_forbidden(page: Page, sign_in: SignIn) -> None:
    sign_in(page, make_user())
    page.goto(make_show().get_absolute_url())
    seat(page, "A2").check()
    expect(announced(page)).to_contain_text("A1 would be left on its own")
    seat(page, "A1").check()
    expect(announced(page)).to_be_empty()


@pytest.mark.screens(SMALL)
def test_a_lost_connection_is_said_and_the_map_recovers_by_itself(page: Page) -> None:
    show = make_show()
    page.clock.install()
    page.goto(show.get_absolute_url())
    seat(page, "C4").check()
    page.context.set_offline(True)
    lost = page.get_by_text("Connection failed. Please check your internet.")
    page.clock.run_for(POLL_MS)
    expect(lost).to_be_visible()
    make_booking(show, ["A1"])
    page.context.set_offline(False)
    expect(seat(page, "A1")).to_be_disabled()
    expect(lost).to_be_hidden()
    expect(seat(page, "C4")).to_be_checked()


@pytest.mark.screens(SMALL)
def test_a_show_that_begins_ends_the_poll_and_closes_the_map(page: Page) -> None:
    show: Show = make_show()
    page.clock.install()
    page.add_init_script(COUNT_POLLS)
    page.goto(show.get_absolute_url())
    begin(show)
    expect(page.get_by_text("This show has begun")).to_be_visible()
    expect(page.locator("[data-bar]")).to_be_hidden()
    polls = page.evaluate("polls")
    assert polls
    page.clock.run_for(4 * POLL_MS)
    assert page.evaluate("polls") == polls


@pytest.mark.screens(SMALL)
def test_without_javascript_seats_are_booked_all_the_same(
    visitor: Visitor, screen: Screen, sign_in: SignIn
) -> None:
    show = make_show()
    plain = visitor(java_script_enabled=False).new_page()
    sign_in(plain, make_user())
    plain.goto(show.get_absolute_url())
    plain.get_by_label("Best seats for").select_option("2")
    plain.get_by_role("button", name="Find").click()
    expect(plain.locator("#seat-map input:checked")).to_have_count(2)
    expect(plain.get_by_text("Ticked: ")).to_be_visible()
    screen.check(plain)
    plain.get_by_role("button", name="Continue").click()
    plain.get_by_role("button", name="Confirm").click()
    code = plain.locator(".ticket__code")
    expect(code).to_be_visible()
    expect(code).to_have_text(Booking.objects.get(status="CONFIRMED").reference)
    screen.check(plain)


def test_every_seat_of_a_wide_row_is_large_enough_to_touch(page: Page, screen: Screen) -> None:
    show = make_show("\n".join(f"{row} {'s' * 25}" for row in "ABC"))
    page.goto(show.get_absolute_url())
    sizes = page.locator("#seat-map [name=seat]").evaluate_all(
        "seats => seats.map(s => s.getBoundingClientRect()).map(box => [box.width, box.height])"
    )
    assert min(side for size in sizes for side in size) >= 24
    screen.check(page)


def test_zooming_makes_the_seats_larger(page: Page) -> None:
    page.goto(make_show().get_absolute_url())
    before = seat(page, "A1").bounding_box()
    page.get_by_role("button", name="Larger").click()
    after = seat(page, "A1").bounding_box()
    assert before
    assert after
    assert after["width"] > before["width"] * 1.2


def test_zooming_out_ends_with_the_whole_hall_in_view(page: Page) -> None:
    page.goto(make_show("\n".join(f"{row} {'s' * 25}" for row in "ABC")).get_absolute_url())
    smaller = page.get_by_role("button", name="Smaller")
    while smaller.get_attribute("aria-disabled") != "true":
        smaller.click()
    for label in ("A1", "C25"):
        expect(seat(page, label)).to_be_in_viewport(ratio=0.99)
    hall_box = page.locator("[data-hall]")
    assert hall_box.evaluate("hall => hall.scrollWidth - hall.clientWidth") == 0


@pytest.mark.screens(SMALL)
def test_a_hall_of_two_thousand_is_laid_out_once_and_not_again_to_zoom(page: Page) -> None:
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable")
    page.goto(make_show(hall(40, 50)).get_absolute_url())

    def seconds() -> float:
        page.evaluate("new Promise(requestAnimationFrame)")
        found = devtools.send("Performance.getMetrics")["metrics"]
        spent = {metric["name"]: metric["value"] for metric in found}
        return float(spent["LayoutDuration"] + spent["RecalcStyleDuration"])

    loading = seconds()
    zooming = []
    for name in ("Larger", "Smaller") * 3:
        before = seconds()
        for _ in range(3):
            page.get_by_role("button", name=name).click()
        zooming.append(seconds() - before)
    # The minimum, because a busy machine can delay some of them.
    assert min(zooming) < loading
    corner = seat(page, "R40-50")
    corner.scroll_into_view_if_needed()
    corner.click()
    expect(corner).to_be_checked()


def test_the_best_seats_are_found_for_a_party_and_their_total_runs_along(
    page: Page, screen: Screen
) -> None:
    show = make_show(hall(12, 26))
    make_booking(show, ["R8-13", "R8-14"])
    page.goto(show.get_absolute_url())
    page.get_by_label("Best seats for").select_option("3")
    page.get_by_role("button", name="Find").click()
    chosen = page.locator("#seat-map input:checked")
    expect(chosen).to_have_count(3)
    expect(page.locator("[data-total]")).to_have_text("₹750")
    for place in range(3):
        expect(chosen.nth(place)).to_be_in_viewport()
    expect(page.get_by_role("button", name="Continue")).to_be_in_viewport()
    screen.check(page)


@pytest.mark.screens(SMALL)
def test_without_javascript_too_a_wide_hall_opens_at_the_seats_that_were_found(
    visitor: Visitor,
) -> None:
    show = make_show(hall(1, 44))
    for first in (5, 15, 25, 35):
        make_booking(show, [f"R1-{number}" for number in range(first, first + 10)])
    plain = visitor(java_script_enabled=False).new_page()
    plain.goto(f"{show.get_absolute_url()}?party=2")
    for place in range(2):
        expect(plain.locator("#seat-map input:checked").nth(place)).to_be_in_viewport()


def test_a_sold_out_show_leads_to_other_times_until_a_seat_comes_back(
    page: Page, screen: Screen
) -> None:
    show = make_show("A sss")
    sold = make_booking(show, ["A1", "A2", "A3"])
    page.clock.install()
    page.goto(show.get_absolute_url())
    hold, elsewhere = (
        page.get_by_role("button", name="Continue"),
        page.get_by_role("link", name="Other times", exact=True),
    )
    expect(page.get_by_text("Every seat is taken.")).to_be_visible()
    expect(elsewhere).to_be_in_viewport()
    expect(hold).to_be_hidden()
    screen.check(page)
    services.cancel_booking(user=sold.user, reference=sold.reference)
    page.clock.run_for(POLL_MS)
    expect(hold).to_be_visible()
    expect(elsewhere).to_be_hidden()


@pytest.mark.screens(SMALL)
def test_two_fingers_make_the_seats_larger(page: Page) -> None:
    page.goto(make_show().get_absolute_url())
    seat_before = seat(page, "A5").bounding_box()
    hall_box = page.locator("[data-hall]").bounding_box()
    assert seat_before
    assert hall_box
    devtools = page.context.new_cdp_session(page)
    middle, y = hall_box["x"] + hall_box["width"] / 2, hall_box["y"] + hall_box["height"] / 2
    for kind, apart in (("touchStart", 40), ("touchMove", 60), ("touchMove", 80)):
        points = [{"x": middle - apart, "y": y, "id": 0}, {"x": middle + apart, "y": y, "id": 1}]
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(page.get_by_role("button", name="Smaller")).to_have_attribute("aria-disabled", "false")
    seat_after = seat(page, "A5").bounding_box()
    assert seat_after
    assert seat_after["width"] > seat_before["width"] * 1.5
