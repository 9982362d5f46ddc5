/* Arrow keys: one seat is in the tab order, and the arrows move along its row and between rows. */
import { acrossRows, alongRow, nearestIn } from "./geometry.js";
import { allSeats, describe, isSeat, map, rowsOfSeats, seatsOfRow } from "./seats.js";

const KEYS = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"]);

/* The seat in the tab order. */
let current = null;

export const putInTabOrder = (seat) => {
  if (!seat) return;
  if (current && current !== seat) current.tabIndex = -1;
  seat.tabIndex = 0;
  current = seat;
};

const startTabOrder = () => {
  const seats = allSeats();
  for (const seat of seats) seat.tabIndex = -1;
  const enabled = seats.filter((seat) => !seat.disabled);
  putInTabOrder(enabled.find((seat) => seat.checked) ?? enabled[0]);
};

const seatAt = (seat, key) => {
  const row = seat.closest("fieldset");
  if (key !== "ArrowUp" && key !== "ArrowDown") {
    return alongRow(seatsOfRow(row), describe(seat), key)?.element;
  }
  const rows = rowsOfSeats();
  const step = key === "ArrowUp" ? -1 : 1;
  return acrossRows(rows.map(seatsOfRow), rows.indexOf(row), describe(seat), step)?.element;
};

/* After a change: the seat in the tab order may be taken, or its row may be gone. If it had the
   focus, which the browser takes from a disabled seat, the nearest seat of the row gets it. */
export const repairTabOrder = (focusBefore) => {
  if (current?.isConnected && !current.disabled) return;
  const hadFocus = focusBefore === current;
  const row = current?.isConnected && current.closest("fieldset");
  const nearest = row && nearestIn(seatsOfRow(row), describe(current));
  if (nearest) putInTabOrder(nearest.element);
  else startTabOrder();
  if (hadFocus) current?.focus({ preventScroll: true });
};

const onKey = (event) => {
  if (!isSeat(event.target) || event.altKey || event.ctrlKey || event.metaKey) return;
  if (!KEYS.has(event.key)) return;
  event.preventDefault();
  const next = seatAt(event.target, event.key);
  if (!next) return;
  putInTabOrder(next);
  next.focus();
};

export const startKeyboard = () => {
  startTabOrder();
  map.addEventListener("keydown", onKey);
  map.addEventListener("focusin", ({ target }) => {
    if (isSeat(target)) putInTabOrder(target);
  });
};
