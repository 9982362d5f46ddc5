/* A change from the live stream: the seats that became free, held or sold. Afterwards the map is as
   a poll would have drawn it (shows/seatmap/markup.py), and the viewer's choice is kept. */
import { forgetOwn } from "./own-hold.js";
import { keepingChoice } from "./polling.js";
import { freeLine } from "./rules.js";
import { allSeats, map } from "./seats.js";

const TAKEN = { held: ", taken for now", sold: ", taken" };
const STATES = ["free", "held", "sold"];

const version = () => document.getElementById("map-version");
const has = (name) => (seat) => seat.classList.contains(name);
const isTaken = (seat) => ["held", "sold", "own"].some((name) => has(name)(seat));

/* "C7, premium, ₹400": the map has these names by the seat's classes. */
const freeName = (seat) => {
  const kind = ["premium", "wheelchair"].filter((name) => has(name)(seat)).join(" ");
  return seat.value + JSON.parse(version().dataset.names)[kind];
};

const setState = (seat, state) => {
  forgetOwn(seat.value);
  seat.classList.remove("held", "sold", "own");
  if (state !== "free") seat.classList.add(state);
  seat.disabled = state !== "free";
  if (seat.disabled) seat.checked = false;
  seat.setAttribute("aria-label", seat.disabled ? seat.value + TAKEN[state] : freeName(seat));
  seat.classList.add("changed");
};

/* The line under the hall: how many seats are free. */
const countFree = () => {
  const seats = allSeats();
  const places = seats.filter(has("wheelchair"));
  const ordinary = seats.filter((seat) => !has("wheelchair")(seat));
  const free = (some) => some.filter((seat) => !isTaken(seat)).length;
  const counts = { free: free(ordinary), of: ordinary.length, places: free(places) };
  const isHeld = seats.some((seat) => has("held")(seat) || has("own")(seat));
  const { number, words } = freeLine({ ...counts, isHeld });
  const line = document.getElementById("hall-free");
  const bold = document.createElement("b");
  bold.textContent = number;
  line.replaceChildren(...(number ? [bold] : []), words);
  line.toggleAttribute("data-full", !counts.free && !counts.places);
};

/* change: { v, free, held, sold }, the new version and the labels of the seats that changed. */
export const showChange = (change) => {
  keepingChoice(() => {
    for (const state of STATES) {
      for (const label of change[state]) setState(document.getElementById(`s-${label}`), state);
    }
    countFree();
    version().setAttribute("value", change.v);
  });
};

/* The ring around a changed seat fades once (seat.css). */
export const startChanges = () => {
  map.addEventListener("animationend", ({ target }) => target.classList.remove("changed"));
};
