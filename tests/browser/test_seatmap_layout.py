"""The layout of the seat map, measured in a browser with the halls of the demo data."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from bookmyshow.environment import ROOT
from bookmyshow.site.demo import seating as demo
from shows.seating.pretix_format import plan_text
from tests.support.deployed_site import HOLD_MINUTES
from tests.support.factories import hall, make_booking, make_show

KINDS = {"Standard": "s", "Recliner": "p", "Wheelchair": "w"}
CURVED = json.loads((ROOT / "shows/seating/tests/data/plan-curved.json").read_text())
HALLS = {
    "308 seats": demo.LARGE,
    "500 seats": demo.GIANT,
    "staggered": demo.PALACE,
    "curved": plan_text(CURVED, KINDS),
}
WIDTHS = (360, 390, 768, 1280)

# `most`: the largest vertical distance, in pixels, between a row letter and the nearest seat of its
# row. `problems`: ends of blocks whose nearest letter is that of another row, and rows with a seat
# in view but no letter.
LETTERS = """() => {
  const boxOf = (element) => element.getBoundingClientRect();
  const middle = (box) => [box.left + box.width / 2, box.top + box.height / 2];
  const far = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);
  const rows = [...document.querySelectorAll("#hall-rows fieldset")].map((row) => {
    const name = row.querySelector("legend").textContent.slice(4);
    const inputs = [...row.querySelectorAll("input")];
    const seats = inputs.map((seat) => ({ name, at: middle(boxOf(seat)) }));
    return { name, seats: seats.sort((a, b) => a.at[0] - b.at[0]) };
  });
  const letters = [...document.querySelectorAll("#hall-rows i")]
    .filter((letter) => letter.checkVisibility())
    .map((letter) => ({ name: letter.textContent, at: middle(boxOf(letter)) }));
  const size = boxOf(document.querySelector("#hall-rows input")).width;
  const problems = [];
  let most = 0;
  const nearest = (things, at) =>
    things.reduce((best, thing) => far(thing.at, at) < far(best.at, at) ? thing : best);
  for (const letter of letters) {
    const { seats } = rows.find((row) => row.name === letter.name);
    most = Math.max(most, Math.abs(nearest(seats, letter.at).at[1] - letter.at[1]));
  }
  const hall = boxOf(document.querySelector("[data-hall]"));
  const inView = ({ at }) => at[0] > hall.left && at[0] < hall.right;
  for (const { name, seats } of rows) {
    seats.forEach((seat, place) => {
      for (const [other, side] of [[seats[place - 1], -1], [seats[place + 1], 1]]) {
        if (other && Math.abs(other.at[0] - seat.at[0]) < size * 1.9) continue;
        const closest = nearest(letters, seat.at).name;
        if (closest !== name) problems.push(`${closest} is nearer to a seat of ${name}`);
        const away = (letter) => (letter.at[0] - seat.at[0]) * side;
        const beside = letters.some((letter) =>
          letter.name === name && away(letter) > 0 && away(letter) < size * 2);
        if (!beside) problems.push(`no ${name} beside a block's end`);
      }
    });
    if (seats.some(inView) && !letters.some((letter) => letter.name === name && inView(letter))) {
      problems.push(`no ${name} in view`);
    }
  }
  return { problems, most };
}"""


@pytest.mark.parametrize("name", HALLS)
def test_each_block_has_its_rows_letter_at_the_height_of_the_seat_beside_it(
    page: Page, name: str
) -> None:
    address = make_show(HALLS[name]).get_absolute_url()
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(address)
        found = page.evaluate(LETTERS)
        assert (width, found["problems"]) == (width, [])
        assert found["most"] <= 4, "pixels, an eighth of a row"


# The share of the second box that the first box covers.
COVERED = """([over, under]) => {
  const [a, b] = [over, under].map((name) => document.querySelector(name).getBoundingClientRect());
  const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return Math.max(0, across) * Math.max(0, down) / (b.width * b.height);
}"""
# The script stores the bar's height in a frame after it has changed.
TWO_FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
HIDDEN_FOCUS = """() => {
  const bar = document.querySelector("[data-bar]").getBoundingClientRect();
  const box = document.activeElement.getBoundingClientRect();
  return document.activeElement.name === "seat" && box.bottom > bar.top;
}"""


def choose_ten(page: Page) -> None:
    """Choose ten seats with long names, which is the longest text of the bar."""
    for row in range(1, 11):
        page.locator(f"#s-R{row}-{row}").check()


def test_the_bar_stays_low_with_ten_seats_and_hides_no_seat_that_has_the_focus(
    page: Page,
) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(make_show(hall(24, 12)).get_absolute_url())
    choose_ten(page)
    page.evaluate(TWO_FRAMES)
    assert page.locator("[data-bar]").evaluate("bar => bar.offsetHeight") <= 740 / 4
    page.locator("#s-R1-1").focus()
    hidden = []
    for _ in range(23):
        page.keyboard.press("ArrowDown")
        hidden.append(page.evaluate(HIDDEN_FOCUS))
    expect(page.locator("#s-R24-1")).to_be_focused()
    assert not any(hidden)
    # The button is in view already, so the page does not scroll.
    page.evaluate("scrollTo({ top: 100, behavior: 'instant' })")
    page.locator(".bar__button").focus()
    assert page.evaluate("scrollY") == 100


@pytest.mark.parametrize(("width", "height"), [(360, 740), (740, 360), (320, 256), (1280, 800)])
def test_the_zoom_control_covers_no_word_seat_or_control(
    page: Page, width: int, height: int
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.goto(make_show(demo.LARGE).get_absolute_url())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for under in (".party .button", ".hall__label", "#hall-rows", ".legend", "[data-bar]"):
        for top in (0, 200, 400):
            page.evaluate("top => scrollTo({ top, behavior: 'instant' })", top)
            assert page.evaluate(COVERED, [".hall__zoom", under]) == 0, under


def test_on_a_phone_on_its_side_seats_are_in_view(page: Page) -> None:
    page.set_viewport_size({"width": 740, "height": 360})
    page.goto(make_show(demo.LARGE).get_absolute_url())
    for label in ("A1", "B5", "C5"):
        expect(page.locator(f"#s-{label}")).to_be_in_viewport(ratio=1)
        assert page.evaluate(COVERED, ["[data-bar]", f"#s-{label}"]) == 0


@pytest.mark.parametrize(("width", "height"), [(360, 740), (1280, 800)])
def test_the_best_seats_come_to_the_middle_and_are_named(
    page: Page, width: int, height: int
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.goto(make_show(demo.LARGE).get_absolute_url())
    page.get_by_label("Best seats for").select_option("2")
    page.get_by_label("Kind of seat").select_option("Premium")
    page.get_by_role("button", name="Find").click()
    expect(page.locator("#seat-status")).to_have_text("Best seats: Q9, Q10, premium, ₹800.")
    bar = page.locator("[data-bar]").bounding_box()
    assert bar
    for label in ("Q9", "Q10"):
        box = page.locator(f"#s-{label}").bounding_box()
        assert box
        assert 0.3 * bar["y"] < box["y"] < 0.7 * bar["y"]
        assert 0.3 * width < box["x"] < 0.7 * width


def test_a_wheelchair_place_is_asked_about_when_it_is_chosen(page: Page) -> None:
    page.goto(make_show("A wsss").get_absolute_url())
    answer = page.get_by_label("Someone in my party uses a wheelchair")
    expect(answer).to_be_hidden()
    page.locator("#s-A1").check()
    expect(page.locator("#seat-status")).to_contain_text("A1 is a wheelchair place.")
    page.get_by_role("button", name="Continue").click()
    expect(answer).to_be_focused()
    answer.check()
    expect(page.locator("#seat-status")).to_be_empty()
    page.get_by_role("button", name="Continue").click()
    expect(page).to_have_url(re.compile("/bookings/BMV"))


def test_continue_without_a_seat_says_so_and_goes_nowhere(page: Page) -> None:
    show = make_show()
    page.goto(show.get_absolute_url())
    words = f"Continue holds them for you for {HOLD_MINUTES} minutes."
    expect(page.get_by_text(words)).to_be_visible()
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#seat-status")).to_have_text("Choose at least one seat.")
    expect(page).to_have_url(re.compile(f"{show.get_absolute_url()}$"))


def test_forced_colours_tell_the_kinds_of_seat_apart_on_the_map_and_in_its_legend(
    page: Page,
) -> None:
    page.emulate_media(forced_colors="active")
    show = make_show("A sspp")
    make_booking(show, ["A2"])
    page.goto(show.get_absolute_url())
    page.locator("#s-A1").check()
    look = """seat => {
      const { backgroundColor, borderBlockEndWidth } = getComputedStyle(seat);
      return [backgroundColor, borderBlockEndWidth, getComputedStyle(seat, "::before").content];
    }"""
    for kinds in (
        ["#s-A1", "#s-A2", "#s-A3"],
        [".legend .chosen", ".legend .sold", ".legend .premium"],
    ):
        looks = [page.locator(kind).evaluate(look) for kind in kinds]
        assert len({str(seen) for seen in looks}) == len(kinds), looks
        for kind in kinds:
            expect(page.locator(kind)).to_have_css("forced-color-adjust", "none")
