/* The live stream: the server sends each change of a seat at once, so the page does not poll. While
   the stream is missing, broken or silent, the page polls, and opens the stream again. */
import { showChange, startChanges } from "./changes.js";
import { refresh } from "./polling.js";
import { form, map } from "./seats.js";

/* The server sends something at least every 14 s. */
const SILENCE_MS = 20_000;
/* When a stream breaks, its page polls within this time, each page at another moment. */
const SPREAD_MS = 1_000;
/* The stream is opened again after a random pause, which grows with each failure. */
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 30_000;

const address = map.dataset.stream;
let stream = null;
/* The newest version of the stream: that of its last event, or at first the page's own. "" while the
   stream is not open. */
let told = "";
let failures = 0;
let silence = 0;
let retry = 0;

const shown = () => document.getElementById("map-version")?.value ?? "";
const isFinal = () => map.querySelector("[data-final]") !== null;

/* Whether the page shows the newest version of the stream, so that no poll is needed. */
export const isLive = () => told !== "" && told === shown();

const close = () => {
  clearTimeout(silence);
  clearTimeout(retry);
  stream?.close();
  stream = null;
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
  setTimeout(refresh, SPREAD_MS * Math.random());
  retry = setTimeout(open, pause());
};

const expectNews = () => {
  clearTimeout(silence);
  silence = setTimeout(fail, SILENCE_MS);
};

/* The answer to a poll that is under way may be older than the stream's last event. All requests of
   the map belong to the form (hx-sync). */
const dropPoll = () => window.htmx?.trigger(form, "htmx:abort");

const onChange = ({ data }) => {
  const change = JSON.parse(data);
  told = change.v;
  if (told === shown()) return;
  dropPoll();
  if (change.from === shown()) showChange(change);
  else refresh();
};

/* The server can't tell the difference, or the show is over. */
const onReload = ({ lastEventId }) => {
  told = lastEventId;
  dropPoll();
  refresh();
};

/* Not while the page is hidden. */
const open = () => {
  close();
  if (document.hidden || isFinal()) return;
  const version = shown();
  stream = new EventSource(`${address}?v=${encodeURIComponent(version)}`);
  stream.addEventListener("open", () => {
    failures = 0;
    told = version;
  });
  stream.addEventListener("message", onChange);
  stream.addEventListener("reload", onReload);
  for (const news of ["open", "message", "reload", "beat"]) {
    stream.addEventListener(news, expectNews);
  }
  stream.addEventListener("error", fail);
  expectNews();
};

/* While a hold is sent, its seats would look as if somebody else had taken them. */
const waitForHold = () => {
  const isHold = ({ detail }) => detail.elt === form;
  const isLeaving = ({ detail }) => detail.xhr.getResponseHeader("HX-Redirect") !== null;
  form.addEventListener("htmx:beforeRequest", (event) => {
    if (isHold(event)) close();
  });
  form.addEventListener("htmx:afterRequest", (event) => {
    if (isHold(event) && !isLeaving(event)) open();
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
