/* Whether the door reaches the site, said above everything else. The page asks for the number of
   admitted people every ten seconds; that answer decides, and the answer to a scan. The browser's
   own `offline` is believed at once, but its `online` only after an answer. */

import { afterPress } from "./press.js";
import { hideToast } from "./site.js";

const counter = document.getElementById("door-counter");
const verdict = document.getElementById("verdict");
const offline = document.getElementById("door-offline");
const online = document.getElementById("door-online");

const sayOffline = () => {
  // The words here say more.
  hideToast();
  online.hidden = true;
  if (!offline.hidden) return;
  offline.hidden = false;
  offline.scrollIntoView({ block: "nearest" });
};

const sayOnline = () => {
  if (offline.hidden) return;
  offline.hidden = true;
  online.hidden = false;
};

const isAnswer = (xhr) => xhr.getResponseHeader("X-Door") === "answer";
/* No answer, an error page of the site or of a proxy, or the log-in page of a public network. */
const isUnreachable = (xhr) =>
  !isAnswer(xhr) && ([0, 200].includes(xhr.status) || xhr.status >= 500);

const hear = ({ detail }) => {
  if (isAnswer(detail.xhr)) sayOnline();
  else if (isUnreachable(detail.xhr)) sayOffline();
};

const onlyAnswers = ({ detail }) => {
  if (!isAnswer(detail.xhr)) detail.shouldSwap = false;
};

export const watchConnection = () => {
  for (const part of [counter, verdict]) part.addEventListener("htmx:afterRequest", hear);
  counter.addEventListener("htmx:beforeSwap", onlyAnswers);
  // The words above say it, so no toast is needed.
  for (const failure of ["sendError", "timeout", "responseError"]) {
    counter.addEventListener(`htmx:${failure}`, (event) => {
      if (isUnreachable(event.detail.xhr)) event.stopPropagation();
    });
  }
  addEventListener("offline", () => afterPress(sayOffline));
  addEventListener("online", () => window.htmx.trigger(counter, "ask"));
  if (!navigator.onLine) sayOffline();
};
