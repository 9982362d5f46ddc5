import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

import { turnOf } from "../../static/js/waiting-room/lottery.js";
import {
  clockFace,
  leastWait,
  nextLook,
  nextTry,
  ownTurn,
  readState,
  spoken,
  viewOf,
} from "../../static/js/waiting-room/rules.js";

const OPENS = Date.parse("2026-12-04T10:00:00Z");
const MINUTE = 60_000;
const sale = (changes) => ({
  phase: "open",
  opensAt: OPENS,
  prequeueFrom: OPENS - 60 * MINUTE,
  seed: "",
  early: 20,
  calledUpto: 0,
  rate: 60,
  ...changes,
});
const part = (state, own, now) => viewOf(state, own, now).part;

describe("the part of the page", () => {
  const waiting = { turn: null };

  test("before the room opens, and before the sale", () => {
    const state = sale({ early: null });
    assert.deepEqual(viewOf(state, null, OPENS - 61 * MINUTE), {
      part: "early",
      until: state.prequeueFrom,
    });
    assert.deepEqual(viewOf(state, null, OPENS - 1), { part: "before", until: OPENS });
    assert.deepEqual(viewOf(state, waiting, OPENS - 1), { part: "inside", until: OPENS });
  });

  test("no place is shown before the draw, also not when the opening has passed", () => {
    const state = sale({ early: null });
    assert.deepEqual(viewOf(state, waiting, OPENS), { part: "drawing" });
    assert.deepEqual(viewOf(state, null, OPENS), { part: "open" });
  });

  test("in line, and one's turn", () => {
    const own = { turn: 10 };
    assert.deepEqual(viewOf(sale({ calledUpto: 6 }), own, OPENS), { part: "line", ahead: 3 });
    assert.equal(part(sale({ calledUpto: 8 }), own, OPENS), "line");
    assert.deepEqual(viewOf(sale({ calledUpto: 9 }), own, OPENS), { part: "next" });
    assert.equal(part(sale({ calledUpto: 10 }), own, OPENS), "turn");
    assert.equal(part(sale({ calledUpto: 10 }), { turn: 10, isLate: true }, OPENS), "late");
    assert.equal(part(sale({ calledUpto: 10 }), null, OPENS), "open");
  });

  test("a closed sale and one without a line, at any time", () => {
    for (const now of [OPENS - 90 * MINUTE, OPENS]) {
      assert.equal(part(sale({ phase: "closed" }), { turn: 3 }, now), "closed");
      assert.equal(part(sale({ phase: "off" }), null, now), "off");
    }
  });
});

describe("one's turn", () => {
  const drawn = { seed: "00".repeat(32), early: 20 };

  test("there is none before the draw", async () => {
    assert.equal(await ownTurn(7, { seed: "", early: null }), null);
  });

  test("first come, first served, and after the opening: the number of arrival", async () => {
    assert.equal(await ownTurn(7, { seed: "", early: 20 }), 7);
    assert.equal(await ownTurn(21, drawn), 21);
  });

  test("in a draw everybody has another one", async () => {
    const numbers = Array.from({ length: 20 }, (_, at) => at + 1);
    const turns = await Promise.all(numbers.map((number) => ownTurn(number, drawn)));
    assert.notDeepEqual(turns, numbers);
    assert.deepEqual(
      turns.sort((a, b) => a - b),
      numbers,
    );
  });

  test("it is the one that the site computes", async () => {
    const file = new URL("../../shows/waiting_room/tests/data/lottery.json", import.meta.url);
    const examples = JSON.parse(readFileSync(file, "utf8"));
    assert.ok(examples.length > 3);
    for (const { seed, size, turns } of examples) {
      for (const [number, turn] of Object.entries(turns)) {
        assert.equal(await turnOf(Number(number), seed, size), turn, `${number} of ${size}`);
      }
    }
  });
});

describe("when the page looks again", () => {
  const waits = (view, now = OPENS) =>
    [0, 1].map((luck) => Math.round(nextLook(view, sale(), now, luck)));

  test("seldom while the opening is far, spread over seconds just after it", () => {
    assert.deepEqual(waits({ part: "inside", until: OPENS }, OPENS - 60 * MINUTE), [24000, 36000]);
    assert.deepEqual(waits({ part: "inside", until: OPENS }, OPENS - 5000), [5000, 9000]);
  });

  test("more often the nearer the turn", () => {
    const [far, near, next] = [3000, 300, 3].map((ahead) => waits({ part: "line", ahead })[0]);
    assert.deepEqual([far, near, next], [12000, 4000, 1600]);
    assert.deepEqual(waits({ part: "next" }), [1600, 2400]);
  });

  test("after failures at growing intervals, up to half a minute", () => {
    const tries = [1, 2, 3, 50].map((failures) => Math.round(nextTry(failures, 0.5)));
    assert.deepEqual(tries, [3000, 4800, 7680, 30000]);
  });
});

describe("words", () => {
  test("the time left", () => {
    assert.equal(clockFace(59_100), "1:00");
    assert.equal(clockFace(10 * MINUTE + 5000), "10:05");
    assert.equal(clockFace(134 * MINUTE), "2:14:00");
    assert.equal(clockFace(27 * 60 * MINUTE), "1 day 3 h");
    assert.equal(clockFace(-5), "0:00");
  });

  test("the wait is never shorter than the rate allows", () => {
    assert.equal(leastWait(1, 60), "about a minute");
    assert.equal(leastWait(60, 60), "about 2 minutes");
    assert.equal(leastWait(5999, 60), "about 2 hours");
  });

  test("the state's times become numbers", () => {
    const text = "2026-12-04T15:30:00+05:30";
    const read = readState({ now: text, opensAt: text, prequeueFrom: text, rate: 5 });
    assert.deepEqual(read, { now: OPENS, opensAt: OPENS, prequeueFrom: OPENS, rate: 5 });
  });
});

describe("what a screen reader says", () => {
  const say = (before, after) => spoken(before, after, "words of the part");
  const inside = (minutes) => ({ part: "inside", left: minutes * MINUTE });
  const line = (ahead) => ({ part: "line", ahead });

  test("a new part once", () => {
    assert.equal(say(null, inside(20)), "words of the part");
    assert.equal(say(line(1), { part: "next" }), "words of the part");
    assert.equal(say({ part: "next" }, { part: "turn" }), "words of the part");
    assert.equal(say({ part: "turn" }, { part: "turn" }), "");
  });

  test("the time at few steps", () => {
    assert.equal(say(inside(10.01), inside(9.99)), "10 minutes to go.");
    assert.equal(say(inside(1.01), inside(1)), "1 minute to go.");
    assert.equal(say(inside(9.9), inside(9.8)), "");
    assert.equal(say(inside(45), inside(4)), "5 minutes to go.", "a page that slept");
  });

  test("the line at few steps", () => {
    assert.equal(say({ part: "drawing" }, line(1297)), "At most 1,297 people before you.");
    assert.equal(say(line(1297), line(1100)), "");
    assert.equal(say(line(1100), line(980)), "At most 980 people before you.");
    assert.equal(say(line(2), line(1)), "At most 1 person before you.");
  });
});
