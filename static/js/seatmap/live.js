/* The live stream: the server sends each change of a seat at once, so the page does not poll. While
   the stream is missing, broken or silent, the page polls, and opens the stream again. It does not
   poll at once: when a server goes away, the polls of all its pages are spread over the five seconds
   between two polls. */
import { afterPress } from "../press.js";
import { showChange, startChanges } from "./changes.js";
import { withPlace } from "./places.js";
import { refresh } from "./polling.js";
import { form, map } from "./seats.js";

/* The server sends something at least every 14 s. */
const SILENCE_MS = 20_000;
/* The stream is opened again after a random pause, which grows with each failure. */
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 30_000;

const address = map.dataset.stream;
let stream = null;
/* The page's place among those of this browser that have a stream. */
let place = new AbortController();
/* The newest version of the stream: that of its last event, or at first the page's own. "" while the
   stream is not open. */
let told = "";
let failures = 0;
let heardAt = 0;
let retry = 0;
let isHolding = false;

const shown = () => document.getElementById("map-version")?.value ?? "";
const isFinal = () => map.querySelector("[data-final]") !== null;

const close = () => {
  clearTimeout(retry);
  stream?.close();
  stream = null;
  place.abort();
  told = "";
};

const pause = () => {
  const middle = Math.min(FIRST_PAUSE_MS * 1.5 ** failures, LONGEST_PAUSE_MS);
  failures += 1;
  return middle * (0.5 + Math.random());
};

const fail = () => {
  close();
  if (isFinal()) return;
  retry = setTimeout(open, pause());
};

const noteNews = () => {
  heardAt = Date.now();
};

/* Whether the page shows the newest version of the stream, so that no poll is needed. Asked every five
   seconds. A silent stream is found by the clock, because timers stand still while a computer sleeps. */
export const isLive = () => {
  if (stream && Date.now() - heardAt > SILENCE_MS) fail();
  return told !== "" && told === shown();
};

/* The answer to a poll that is under way may be older than the stream's last event. All requests of
   the map belong to the form (hx-sync). */
const dropPoll = () => window.htmx?.trigger(form, "htmx:abort");

const onChange = (change) => {
  told = change.v;
  if (told === shown()) return;
  dropPoll();
  if (change.from === shown()) showChange(change);
  else refresh();
};

/* The server can't tell the difference, or the show is over. All of its pages are told so together;
   each polls when it is its turn. */
const onReload = ({ lastEventId }) => {
  told = lastEventId;
};

const connect = () => {
  const version = shown();
  stream = new EventSource(`${address}?v=${encodeURIComponent(version)}`);
  stream.addEventListener("open", () => {
    failures = 0;
    told = version;
  });
  const mine = stream;
  stream.addEventListener("message", ({ data }) =>
    // A stream that was closed meanwhile has no say any more: its page polls, or has a new stream.
    afterPress(() => mine === stream && onChange(JSON.parse(data))),
  );
  stream.addEventListener("reload", onReload);
  for (const news of ["open", "message", "reload", "beat"]) {
    stream.addEventListener(news, noteNews);
  }
  stream.addEventListener("error", fail);
  noteNews();
};

/* Not while the page is hidden, or a hold is sent. */
const open = () => {
  close();
  if (document.hidden || isFinal() || isHolding) return;
  place = new AbortController();
  withPlace(place.signal, connect);
};

/* While a hold is sent, its seats would look as if somebody else had taken them. */
const waitForHold = () => {
  const isHold = ({ detail }) => detail.elt === form;
  const isLeaving = ({ detail }) => detail.xhr.getResponseHeader("HX-Redirect") !== null;
  form.addEventListener("htmx:beforeRequest", (event) => {
    if (!isHold(event)) return;
    isHolding = true;
    close();
  });
  form.addEventListener("htmx:afterRequest", (event) => {
    if (!isHold(event) || isLeaving(event)) return;
    isHolding = false;
    open();
  });
};

export const startLive = () => {
  if (!address || !window.EventSource) return;
  startChanges();
  waitForHold();
  document.addEventListener("visibilitychange", open);
  addEventListener("online", open);
  open();
};
