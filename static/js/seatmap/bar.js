/* The bar at the foot of the page: the chosen seats, their total, what the button does, and a line
   of status that is read aloud. Also what is refused before anything is sent. */
import { ownLabels } from "./own-hold.js";
import {
  bestSeatsText,
  isSameChoice,
  kindAndTotal,
  leftAlone,
  leftAloneText,
  listed,
  termsOf,
  tooManyText,
  wheelchairQuestion,
} from "./rules.js";
import {
  chosenSeats,
  describe,
  form,
  isSeat,
  labelsOf,
  map,
  rowsOfSeats,
  seatsOfRow,
} from "./seats.js";

const { dataset } = form;
const prices = {
  standard: Number(dataset.standardPrice),
  premium: Number(dataset.premiumPrice),
  currency: dataset.currency,
  fee: dataset.fee && {
    amount: Number(dataset.fee),
    per: dataset.feePer,
    isOnline: "feeOnline" in dataset,
  },
};
const mostSeats = Number(dataset.maxSeats);
const status = document.getElementById("seat-status");
const wheelchairBox = form.querySelector('[name="wheelchair"]');

/* quietly: only for screen readers, because the bar shows the text already. */
export const announce = (text, { quietly = false } = {}) => {
  if (!status) return;
  status.classList.toggle("visually-hidden", quietly);
  status.textContent = text;
};

export const sayBestSeats = () =>
  announce(bestSeatsText(chosenSeats().map(describe), prices), { quietly: true });

export const showChoice = () => {
  const seatsLine = form.querySelector("[data-seats]");
  if (!seatsLine) return;
  const seats = chosenSeats().map(describe);
  const labels = seats.map((seat) => seat.label);
  const isSame = isSameChoice(labels, ownLabels());
  seatsLine.textContent = listed(labels) || "Choose your seats";
  form.querySelector("[data-total]").textContent = kindAndTotal(seats, prices);
  form.querySelector(".bar__button").textContent = isSame ? "Back to checkout" : "Continue";
  form.querySelector("[data-terms]").textContent = isSame
    ? ""
    : termsOf(seats.length, Number(dataset.minutes), ownLabels());
};

/* Chosen wheelchair places, unless the visitor has said that one is needed. */
const unneededPlaces = () =>
  wheelchairBox?.checked
    ? []
    : chosenSeats().filter((seat) => seat.classList.contains("wheelchair"));

const labelsLeftAlone = () =>
  rowsOfSeats()
    .filter((row) => row.querySelector(":checked"))
    .flatMap((row) => leftAlone(seatsOfRow(row)));

/* Announce the problem of the choice, if any. Each choice replaces the last announcement. */
const comment = () => {
  const places = unneededPlaces();
  announce(places.length ? wheelchairQuestion(labelsOf(places)) : leftAloneText(labelsLeftAlone()));
};

const refuseTooMany = (seat) => {
  seat.checked = false;
  announce(tooManyText(mostSeats));
};

/* The server refuses these too, but only after the visitor has logged in. */
const refuseIncomplete = (event) => {
  const places = unneededPlaces();
  if (chosenSeats().length && !places.length) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (!places.length) {
    announce("Choose at least one seat.");
    return;
  }
  announce(wheelchairQuestion(labelsOf(places)));
  wheelchairBox.focus({ preventScroll: true });
};

/* Store the bar's height for show.css, which keeps focused elements from being behind the bar. */
const storeHeight = (bar) => {
  const sticks = getComputedStyle(bar).position === "sticky";
  const height = sticks ? `${bar.offsetHeight}px` : "0px";
  document.documentElement.style.setProperty("--bar", height);
};

/* chosen: called with each seat that was ticked or unticked. */
export const startBar = (chosen) => {
  map.addEventListener("change", ({ target }) => {
    if (!isSeat(target)) return;
    if (target.checked && chosenSeats().length > mostSeats) {
      refuseTooMany(target);
      return;
    }
    document.getElementById("seat-problem").replaceChildren();
    showChoice();
    comment();
    chosen(target);
  });
  wheelchairBox?.addEventListener("change", comment);
  form.addEventListener("submit", refuseIncomplete, { capture: true });
  const bar = form.querySelector("[data-bar]");
  if (bar) new ResizeObserver(() => storeHeight(bar)).observe(bar);
};
