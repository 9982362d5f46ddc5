/* The waiting page. Its one request is for the state, which is the same for everybody; it shows the
   part of the page that fits the state and the visitor's place. The clock is the server's: the page
   counts with performance.now() from the time in the state. */
import { afterPress } from "../press.js";
import {
  clockFace,
  countOf,
  leastWait,
  nextLook,
  nextTry,
  ownTurn,
  readState,
  spoken,
  viewOf,
} from "./rules.js";

const room = document.querySelector("[data-room]");
const parts = [...room.querySelectorAll("[data-part]")];
const status = document.querySelector("[data-spoken]");
const cutOff = document.querySelector("[data-cut-off]");
const title = document.title;

const cookie = (name) =>
  document.cookie
    .split("; ")
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1);

let state = null;
/* The visitor's place; null without one. */
let own = null;
let shown = null;
/* When this page saw that it is the visitor's turn. */
let calledAt = Number.POSITIVE_INFINITY;
/* When this page saw that the sale is closed; null while it is not. */
let closedAt = null;
let failures = 0;
let timer = 0;
let clockAhead = 0;

const now = () => performance.now() + clockAhead;
const fill = (part, name, text) => {
  for (const place of part.querySelectorAll(`[data-${name}]`)) {
    if (place.textContent !== text) place.textContent = text;
  }
};

/* The number of arrival is in a cookie that the answer to the join has set; only this page reads it.
   Without HTTPS a browser can't compute the draw: then the visitor's own page says the turn. */
const ownPlace = async () => {
  const number = Number.parseInt(cookie(room.dataset.placeCookie) ?? "", 10);
  if (!(number > 0)) return null;
  if (state.seed && !globalThis.crypto?.subtle) location.replace(room.dataset.placeUrl);
  const turn = await ownTurn(number, state);
  const isLate = performance.now() - calledAt > room.dataset.callMinutes * 60_000;
  return { turn, isLate };
};

/* While the sale is closed, the time to go in stands still. */
const countPause = () => {
  if (state.phase === "closed") closedAt ??= performance.now();
  else if (closedAt !== null) {
    calledAt += performance.now() - closedAt;
    closedAt = null;
  }
};

const tabTitle = (view) => {
  if (view.part === "turn") return `It’s your turn · ${title}`;
  if (view.part === "next") return `You are next · ${title}`;
  if (view.part === "line") return `${view.ahead.toLocaleString("en")} before you · ${title}`;
  return title;
};

/* The focus goes to a new part if the visitor was working in the one that disappears. It also does
   at their turn, if they were nowhere: the button to go in is then the next one by keyboard. */
const reveal = (part) => {
  const isNowhere = document.activeElement === document.body && part.dataset.part === "turn";
  const had =
    isNowhere || parts.some((other) => other !== part && other.contains(document.activeElement));
  for (const other of parts) other.hidden = other !== part;
  if (had) part.querySelector("h2")?.focus();
};

const show = () => {
  const view = viewOf(state, own, now());
  view.left = view.until ? view.until - now() : 0;
  const part = parts.find((candidate) => candidate.dataset.part === view.part);
  if (part.hidden) reveal(part);
  fill(part, "left", clockFace(view.left));
  fill(part, "rate", countOf(state.rate, "person", "people"));
  if (view.part === "line") {
    fill(part, "ahead", view.ahead.toLocaleString("en"));
    fill(part, "wait", leastWait(view.ahead, state.rate));
  }
  document.title = tabTitle(view);
  const words = spoken(shown, view, part.dataset.say ?? "");
  if (words) status.textContent = words;
  const changed = shown?.part !== view.part;
  if (changed && view.part === "turn") calledAt = performance.now();
  shown = view;
  return changed;
};

const plan = (wait) => {
  clearTimeout(timer);
  timer = setTimeout(look, wait);
};

const failed = () => {
  failures += 1;
  // A single lost answer is not shown.
  if (failures > 1 || !navigator.onLine) cutOff.hidden = false;
  plan(nextTry(failures, Math.random()));
};

async function look() {
  clearTimeout(timer);
  try {
    const response = await fetch(room.dataset.state, { signal: AbortSignal.timeout(8000) });
    if (response.status === 404) return location.reload();
    if (!response.ok) throw new Error(response.status);
    state = readState(await response.json());
    countPause();
    own = await ownPlace();
    await new Promise(afterPress);
  } catch {
    return failed();
  }
  clockAhead = state.now - performance.now();
  failures = 0;
  cutOff.hidden = true;
  show();
  return plan(nextLook(shown, state, now(), Math.random()));
}

/* The next second of a countdown. When it ends, the page shows the next part at once, and asks for
   the state soon, which then has the draw. */
const tick = () => {
  if (state && shown.until && show()) plan(Math.random() * 2000);
};

/* "Take a place" and "Choose your seats" are links to the visitor's own page, which has a form. If
   the browser has the token of an earlier form, this sends that form at once. */
const post = (link) => {
  const token = cookie(room.dataset.tokenCookie);
  if (!token) return false;
  const form = document.createElement("form");
  form.method = "post";
  form.action = link.dataset.post;
  for (const [name, value] of Object.entries({ csrfmiddlewaretoken: token, live: "1" })) {
    const field = Object.assign(document.createElement("input"), { type: "hidden", name, value });
    form.append(field);
  }
  document.body.append(form);
  form.requestSubmit();
  return true;
};
room.addEventListener("click", (event) => {
  const link = event.target.closest("[data-post]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (link.ariaDisabled === "true") return event.preventDefault();
  if (!post(link)) return;
  event.preventDefault();
  link.ariaDisabled = "true";
});

addEventListener("online", look);
addEventListener("offline", failed);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) look();
});
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const link of room.querySelectorAll("[data-post]")) link.ariaDisabled = null;
  look();
});
setInterval(() => afterPress(tick), 1000);
look();
