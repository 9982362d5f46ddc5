import assert from "node:assert/strict";
import { describe, test } from "node:test";

import {
  acrossRows,
  alongRow,
  isLargest,
  labelMiddle,
  leastZoom,
  limitZoom,
  middleOf,
  scrollAfterZoom,
} from "../../static/js/seatmap/geometry.js";

const seat = (place, isEnabled = true) => ({ element: `at ${place}`, place, isEnabled });

describe("arrow keys along a row", () => {
  const [first, taken, third, last] = [seat(0), seat(2, false), seat(4), seat(7)];
  // Drawn in another order than they stand.
  const row = [third, first, last, taken];

  test("they go to the next seat that can be chosen", () => {
    assert.equal(alongRow(row, first, "ArrowRight"), third);
    assert.equal(alongRow(row, third, "ArrowLeft"), first);
    assert.equal(alongRow(row, third, "Home"), first);
    assert.equal(alongRow(row, first, "End"), last);
  });

  test("they stop at the ends", () => {
    assert.equal(alongRow(row, first, "ArrowLeft"), undefined);
    assert.equal(alongRow(row, last, "ArrowRight"), undefined);
  });

  test("from a seat that was just taken, right leads to the row's first", () => {
    assert.equal(alongRow(row, taken, "ArrowRight"), first);
    assert.equal(alongRow(row, taken, "ArrowLeft"), undefined);
  });
});

describe("arrow keys between rows", () => {
  const above = [seat(0), seat(4)];
  const full = [seat(0, false), seat(4, false)];
  const below = [seat(1), seat(3), seat(9)];
  const rows = [above, full, below];

  test("they go to the nearest seat and pass a full row", () => {
    assert.equal(acrossRows(rows, 0, above[1], 1), below[1]);
    assert.equal(acrossRows(rows, 2, below[2], -1), above[1]);
  });

  test("of two that are equally near, the left one", () => {
    assert.equal(acrossRows([[seat(2)], below], 0, seat(2), 1), below[0]);
  });

  test("there is nothing beyond the last row", () => {
    assert.equal(acrossRows(rows, 2, below[0], 1), undefined);
    assert.equal(acrossRows(rows, 0, above[0], -1), undefined);
  });
});

describe("zoom", () => {
  test("outwards until the whole hall is in view, and never above its own size", () => {
    assert.equal(leastZoom(425, 800), 0.5);
    assert.equal(leastZoom(1280, 600), 1);
  });

  test("within its limits", () => {
    assert.equal(limitZoom(0.1, 0.5), 0.5);
    assert.equal(limitZoom(1.3, 0.5), 1.3);
    assert.ok(isLargest(limitZoom(9, 0.5)));
    assert.ok(!isLargest(2.39));
  });

  test("the point under the fingers stays under them", () => {
    const scrollLeft = scrollAfterZoom({
      scrollLeft: 100,
      at: 50,
      widthBefore: 600,
      widthAfter: 1200,
    });
    // It was at 150 of 600 px, so it is at 300 of 1200 px.
    assert.equal(scrollLeft + 50, 300);
  });
});

test("a seat's label stays inside the hall", () => {
  assert.equal(labelMiddle(200, 80, 360), 200);
  assert.equal(labelMiddle(10, 80, 360), 44);
  assert.equal(labelMiddle(355, 80, 360), 316);
});

test("the middle of the chosen seats", () => {
  const boxes = [
    { left: 10, width: 20 },
    { left: 50, width: 20 },
  ];
  assert.equal(middleOf(boxes, "left", "width"), 40);
});
