/* A poll's map is the same for all viewers. This script keeps the viewer's ticks, and the viewer's
   held seats until the hold ends or they are sold. While the live stream is open, the poll rests. */
import { announce, showChoice } from "./bar.js";
import { repairTabOrder } from "./keyboard.js";
import { forgetOwn, own } from "./own-hold.js";
import { lostText } from "./rules.js";
import { chosenSeats, isSeat, labelsOf, map } from "./seats.js";

/* Whether the next map ticks the viewer's own seats. */
let ticksOwn = false;
/* The chosen seats, and the element with the focus, before the map changes. */
let chosenBefore = [];
let focusBefore = null;

/* whole: also if the server's map is the one that the page has. */
export const refresh = ({ whole = false } = {}) => {
  if (whole) document.getElementById("map-version")?.setAttribute("value", "");
  if (map.hasAttribute("hx-get") && !map.querySelector("[data-final]")) {
    window.htmx?.trigger(map, "refresh");
  }
};

export const refreshOwn = ({ tickOwn }) => {
  ticksOwn = tickOwn;
  refresh({ whole: true });
};

/* Change a seat of the new map to what the viewer sees; then it replaces the old one. */
const keepChoice = (before, after) => {
  if (!isSeat(before) || !isSeat(after)) return true;
  const isOwn = own.has(after.value);
  if (isOwn && after.disabled && after.classList.contains("held")) {
    after.disabled = false;
    after.classList.replace("held", "own");
    after.setAttribute("aria-label", own.get(after.value));
  } else if (isOwn && !after.classList.contains("own")) forgetOwn(after.value);
  after.checked = (before.checked || (ticksOwn && isOwn)) && !after.disabled;
  // Otherwise the new map's attribute would tick a seat that the viewer has unticked since.
  after.toggleAttribute("checked", after.checked);
  return true;
};

/* Scripts set these, the server doesn't; a new map leaves them as they are. */
const isForServer = (name, element) =>
  !(name === "tabindex" && isSeat(element)) && name !== "style";

const noteChoice = () => {
  chosenBefore = labelsOf(chosenSeats());
  focusBefore = document.activeElement;
};

/* saysLost: announce the chosen seats that the change took away. */
const restoreChoice = ({ saysLost }) => {
  const chosenNow = new Set(labelsOf(chosenSeats()));
  const lost = chosenBefore.filter((label) => !chosenNow.has(label));
  if (saysLost && lost.length) announce(lostText(lost));
  showChoice();
  repairTabOrder(focusBefore);
};

/* Change the seats outside of a swap, by the rules of a poll's map. */
export const keepingChoice = (change) => {
  noteChoice();
  change();
  restoreChoice({ saysLost: true });
};

const afterSwap = ({ detail }) => {
  ticksOwn = false;
  const { verb } = detail.requestConfig;
  if (verb === "post") {
    // A refused hold: the server's message, above the hall, names what was lost.
    document.getElementById("seat-problem").scrollIntoView({ block: "nearest" });
  }
  restoreChoice({ saysLost: verb === "get" });
};

const watchSwaps = () => {
  const callbacks = window.Idiomorph?.defaults.callbacks;
  if (callbacks) {
    callbacks.beforeNodeMorphed = keepChoice;
    callbacks.beforeAttributeUpdated = isForServer;
  }
  map.addEventListener("htmx:beforeSwap", noteChoice);
  map.addEventListener("htmx:afterSwap", afterSwap);
};

/* rests: tells whether the stream keeps the map right. What `refresh` asks for is asked all the
   same. */
export const startPolling = (rests) => {
  watchSwaps();
  map.addEventListener("htmx:beforeRequest", (event) => {
    const isPoll = event.target === map;
    const isTimed = !event.detail.requestConfig.triggeringEvent;
    if (isPoll && (document.hidden || (isTimed && rests()))) event.preventDefault();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) refresh();
  });
  addEventListener("online", () => refresh());
  // The browser kept this page for Back. Its seats may be sold by now.
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
};
