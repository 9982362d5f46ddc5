import assert from "node:assert/strict";
import { describe, test } from "node:test";

import {
  comingOnly,
  fill,
  isDue,
  isLeaving,
  isTicketAddress,
  rowsOf,
  savedWords,
  wantedAddresses,
} from "../../static/js/sw/rules.js";

const REFERENCE = "BMV0123456789AB";
const MINUTE = 60_000;
const at = (text) => new Date(text).getTime();

describe("addresses", () => {
  for (const path of ["", "ticket.pdf", "qr.svg"]) {
    test(`a ticket has ${path || "a page"}`, () => {
      assert.ok(isTicketAddress(`/bookings/${REFERENCE}/${path}`));
    });
  }
  for (const path of ["receipt.pdf", "share/", "clock/", "confirm/", "saved/"]) {
    test(`${path} is not a part of a saved ticket`, () => {
      assert.ok(!isTicketAddress(`/bookings/${REFERENCE}/${path}`));
    });
  }
  test("lists and seat maps are not tickets", () => {
    for (const path of ["/", "/bookings/", "/shows/1/seats/", "/bookings/BMV1/"]) {
      assert.ok(!isTicketAddress(path), path);
    }
  });
  test("people leave by log-out, also from the admin, by deletion, and as guests", () => {
    for (const path of ["/accounts/logout/", "/admin/logout/", "/accounts/profile/delete/"]) {
      assert.ok(isLeaving(path), path);
    }
    assert.ok(isLeaving("/bookings/guest/forget/"));
    for (const path of ["/accounts/profile/", "/bookings/", "/accounts/login/"]) {
      assert.ok(!isLeaving(path), path);
    }
  });
});

describe("time", () => {
  const ticket = { until: "2026-11-27T20:00:00+00:00", row: "a", saved: 0 };
  test("a ticket is kept until its show is over", () => {
    assert.deepEqual(comingOnly([ticket], at("2026-11-27T19:59:59Z")), [ticket]);
    assert.deepEqual(comingOnly([ticket], at("2026-11-27T20:00:00Z")), []);
  });
  test("changes are looked for every five minutes, at first, and if the clock was set back", () => {
    assert.ok(isDue(undefined, 9 * MINUTE));
    assert.ok(!isDue(9 * MINUTE, 9 * MINUTE));
    assert.ok(!isDue(9 * MINUTE, 13 * MINUTE));
    assert.ok(isDue(9 * MINUTE, 14 * MINUTE));
    assert.ok(isDue(9 * MINUTE, 8 * MINUTE));
  });
  test("today a time is enough, later the day is said", () => {
    const saved = new Date(2026, 10, 26, 10, 2).getTime();
    assert.equal(savedWords(saved, new Date(2026, 10, 26, 23, 59)), "Saved 10:02");
    assert.equal(savedWords(saved, new Date(2026, 10, 27, 0, 1)), "Saved Thu 26 Nov, 10:02");
  });
});

describe("pages", () => {
  test("what stands between the comments is replaced, everywhere", () => {
    assert.equal(fill("a<!--x-->b\nc<!--/x-->d<!--x--><!--/x-->", "x", "1"), "a1d1");
  });
  test("signs of replacement patterns are only text", () => {
    assert.equal(fill("<!--x--><!--/x-->", "x", "$& $1 $$"), "$& $1 $$");
  });
  test("the list has a row for each coming show, with the time of saving", () => {
    const saved = new Date(2026, 10, 26, 10, 2).getTime();
    const row = (name) => `<li>${name} <!--saved-->x<!--/saved--></li>`;
    const tickets = [
      { until: "2026-11-28T20:00:00Z", saved, row: row("Her") },
      { until: "2026-11-26T00:00:00Z", saved, row: row("over") },
    ];
    assert.equal(rowsOf(tickets, saved + MINUTE), "<li>Her Saved 10:02</li>");
  });
  test("files that no ticket needs are not wanted", () => {
    const tickets = [{ page: "/t/", files: ["/t/pdf"], poster: "/p.svg" }];
    const wanted = wantedAddresses({ files: ["/a.css"], tickets }, "/index");
    assert.deepEqual([...wanted], ["/index", "/a.css", "/t/", "/t/pdf", "/p.svg"]);
  });
});
