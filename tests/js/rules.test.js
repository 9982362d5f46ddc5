import assert from "node:assert/strict";
import { describe, test } from "node:test";

import {
  bestSeatsText,
  freeLine,
  isSameChoice,
  kindAndTotal,
  leftAlone,
  leftAloneText,
  lostText,
  money,
  termsOf,
  totalOf,
  wheelchairQuestion,
} from "../../static/js/seatmap/rules.js";

const PRICES = { standard: 250, premium: 400, currency: "INR" };

/* A row from one letter a seat: f free, c chosen, t taken, w a free wheelchair place; "_" is a gap
   one seat wide. */
const row = (letters) =>
  [...letters].flatMap((letter, at) =>
    letter === "_"
      ? []
      : {
          label: `A${at + 1}`,
          place: 2 * at,
          isPremium: false,
          isWheelchair: letter === "w",
          isEnabled: letter !== "t",
          isChosen: letter === "c",
        },
  );

const premium = { label: "E1", isPremium: true };
const standard = { label: "C4", isPremium: false };

describe("single seats left alone", () => {
  for (const [letters, alone] of [
    ["fcff", ["A1"]],
    ["ffcff", []],
    ["tfct", ["A2"]],
    ["cfc", ["A2"]],
    ["cffc", []],
    // Alone already, and not because of this choice.
    ["tftfc", ["A4"]],
    ["tft_cc", []],
    // A gap is an end of the block.
    ["ff_fcf", ["A4", "A6"]],
    // A wheelchair place is neither left alone nor company for a seat.
    ["wcff", []],
    ["wfcff", ["A2"]],
    ["ffff", []],
  ]) {
    test(`${letters}: ${alone.join(", ") || "none"}`, () => {
      assert.deepEqual(leftAlone(row(letters)), alone);
    });
  }

  test("the order in which the seats are drawn does not matter", () => {
    assert.deepEqual(leftAlone(row("ffcfc").reverse()), ["A4"]);
  });

  test("up to three are named, more are counted", () => {
    assert.equal(leftAloneText([]), "");
    assert.match(leftAloneText(["A1"]), /^A1 would be left on its own\. Moving along by one/);
    assert.equal(leftAloneText(["A1", "A3"]), "A1, A3 would each be left on their own.");
    assert.equal(
      leftAloneText(["A1", "A3", "B1", "B3"]),
      "4 single seats would be left on their own.",
    );
  });
});

describe("kind and total", () => {
  test("standard seats have a total only", () => {
    assert.equal(kindAndTotal([standard, standard], PRICES), "₹500");
  });

  test("premium seats are called so, and counted among others", () => {
    assert.equal(kindAndTotal([premium, premium], PRICES), "premium, ₹800");
    assert.equal(kindAndTotal([premium, standard], PRICES), "1 premium, ₹650");
  });

  test("without seats there is nothing to say", () => {
    assert.equal(kindAndTotal([], PRICES), "");
  });

  test("the best seats are named with their kind and total", () => {
    assert.equal(
      bestSeatsText([premium, standard], PRICES),
      "Best seats: E1, C4, 1 premium, ₹650.",
    );
  });
});

describe("amounts of money", () => {
  test("lakhs in rupees, a fraction only where there is one", () => {
    assert.equal(money(123456, "INR"), "₹1,23,456");
    assert.equal(money(380.5, "INR"), "₹380.50");
    assert.equal(money(123456, "GBP"), "£123,456.00");
  });

  test("as many decimals as the currency has", () => {
    assert.equal(money(1800, "JPY"), "¥1,800");
    assert.equal(money(2.5, "KWD"), "KWD\u00a02.500");
    assert.equal(money(3, "KWD"), "KWD\u00a03.000");
  });

  test("sums of decimals are exact", () => {
    const prices = { standard: 0.1, premium: 0.2, currency: "GBP" };
    assert.equal(totalOf([standard, premium], prices), "£0.30");
    assert.equal(totalOf(Array(10).fill(standard), prices), "£1.00");
  });
});

describe("the booking fee", () => {
  test("the fee of paying online is beside the total", () => {
    const fee = { amount: 20, per: "ticket", isOnline: true };
    assert.equal(totalOf([premium, standard], { ...PRICES, fee }), "₹650 + ₹40 online");
    assert.equal(
      totalOf([premium, standard], { ...PRICES, fee: { ...fee, per: "order" } }),
      "₹650 + ₹20 online",
    );
  });

  test("a fee for the order that can't be avoided is in the total", () => {
    const fee = { amount: 30, per: "order", isOnline: false };
    assert.equal(totalOf([standard], { ...PRICES, fee }), "₹280 with ₹30 booking fee");
  });

  test("seats that cost nothing have no fee", () => {
    const fee = { amount: 20, per: "ticket", isOnline: true };
    assert.equal(totalOf([standard, standard], { ...PRICES, standard: 0, fee }), "₹0");
  });
});

describe("what the button will do", () => {
  test("one seat or several, one minute or several", () => {
    assert.equal(termsOf(1, 2, []), "Continue holds it for you for 2 minutes.");
    assert.equal(termsOf(3, 1, []), "Continue holds them for you for 1 minute.");
  });

  test("another choice releases the seats that are held", () => {
    assert.equal(
      termsOf(1, 2, ["C4", "C5"]),
      "Continue holds it for you for 2 minutes and releases C4, C5.",
    );
  });

  test("the same seats in any order lead back to checkout", () => {
    assert.ok(isSameChoice(["C5", "C4"], ["C4", "C5"]));
    assert.ok(!isSameChoice(["C4"], ["C4", "C5"]));
    assert.ok(!isSameChoice(["C4", "C6"], ["C4", "C5"]));
    assert.ok(!isSameChoice([], []));
  });
});

describe("how many seats are free", () => {
  // As in the tests of shows/seatmap/markup.py.
  for (const [counts, line] of [
    [{ free: 48, of: 48, places: 0 }, "48 of 48 seats free"],
    [{ free: 7, of: 46, places: 2 }, "7 of 46 seats free, 2 wheelchair places"],
    [{ free: 7, of: 46, places: 1 }, "7 of 46 seats free, 1 wheelchair place"],
    [{ free: 1, of: 46, places: 0 }, "The last seat is free."],
    [{ free: 1, of: 46, places: 2 }, "The last seat is free. 2 wheelchair places free."],
    [{ free: 0, of: 46, places: 0 }, "Every seat is taken."],
    [
      { free: 0, of: 46, places: 0, isHeld: true },
      "Every seat is taken. Held ones may come back within minutes.",
    ],
    [{ free: 0, of: 46, places: 1 }, "Every seat is taken. 1 wheelchair place free."],
  ]) {
    test(line, () => {
      const { number, words } = freeLine(counts);
      assert.equal(`${number}${words}`, line);
    });
  }
});

describe("one and several", () => {
  test("lost seats", () => {
    assert.equal(lostText(["C5"]), "C5 was just taken by someone else and is no longer chosen.");
    assert.equal(
      lostText(["C4", "C5"]),
      "C4, C5 were just taken by someone else and are no longer chosen.",
    );
  });

  test("wheelchair places", () => {
    assert.match(wheelchairQuestion(["A1"]), /^A1 is a wheelchair place\. /);
    assert.match(wheelchairQuestion(["A1", "A2"]), /^A1, A2 are wheelchair places\. /);
  });
});
