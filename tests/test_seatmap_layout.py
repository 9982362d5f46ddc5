"""Where things are on the seat map: measured in a browser, in the halls of the demonstration."""

import json

import pytest
from playwright.sync_api import Page

from bookmyshow.demo import seating as demo
from bookmyshow.environment import ROOT
from shows.pretix_plan import plan_text
from tests.factories import make_show

KINDS = {"Standard": "s", "Recliner": "p", "Wheelchair": "w"}
CURVED = json.loads((ROOT / "shows/tests/data/plan-curved.json").read_text())
HALLS = {
    "308 seats": demo.LARGE,
    "500 seats": demo.GIANT,
    "staggered": demo.PALACE,
    "curved": plan_text(CURVED, KINDS),
}
WIDTHS = (360, 390, 768, 1280)

# Of each letter: how far its middle is above or below that of its row's nearest seat. Of each end
# of a block: whether the letter nearest to it is its row's, and in view where a seat of the row is.
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


@pytest.mark.parametrize("hall", HALLS)
def test_each_block_has_its_rows_letter_at_the_height_of_the_seat_beside_it(
    page: Page, hall: str
) -> None:
    address = make_show(HALLS[hall]).get_absolute_url()
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(address)
        found = page.evaluate(LETTERS)
        assert (width, found["problems"]) == (width, [])
        assert found["most"] <= 4, "pixels, an eighth of a row"
