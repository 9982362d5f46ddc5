/* The door checks one ticket after another, and the panel shows the answer for the last one only.
   The camera types into the form. Without this script the page is a plain form, and a hand-held
   scanner that types works too. */

import { watchConnection } from "./door_connection.js";
import { afterPress } from "./press.js";
import { offerCamera } from "./qr_camera.js";

const form = document.getElementById("door-form");
const field = document.getElementById("ticket");
const verdict = document.getElementById("verdict");
let camera = null;

/* What each answer feels and sounds like: vibration and pauses in ms, tones in Hz. */
const SIGNALS = {
  valid: { vibration: [80], tones: [1320] },
  refused: { vibration: [90, 60, 90, 60, 90], tones: [330, 330] },
  unchecked: { vibration: [600, 150, 600], tones: [520, 260, 520, 260] },
};
const TONE_SECONDS = 0.14;
let sound = null;

/* Browsers allow sound only after a touch or a key. */
const allowSound = () => {
  if (!window.AudioContext) return;
  sound ??= new AudioContext();
  sound.resume().catch(() => {});
};

const playTone = (frequency, start) => {
  const player = new OscillatorNode(sound, { frequency, type: "square" });
  player.connect(new GainNode(sound, { gain: 0.15 })).connect(sound.destination);
  player.start(start);
  player.stop(start + TONE_SECONDS);
};

const signal = (name) => {
  navigator.vibrate?.(SIGNALS[name].vibration);
  if (sound?.state !== "running") return;
  SIGNALS[name].tones.forEach((tone, place) => {
    playTone(tone, sound.currentTime + place * TONE_SECONDS * 1.3);
  });
};

/* The panel with the answer. */

const ANSWER_WITHIN_MS = 8000;
let timeout = 0;

const showPanel = (name) => {
  verdict.replaceChildren(document.getElementById(`verdict-${name}`).content.cloneNode(true));
  verdict.scrollIntoView({ block: "nearest" });
};

/* The next ticket can be typed at once. With the camera on, no on-screen keyboard opens. */
const makeReady = () => {
  if (!camera?.isOn()) field.focus({ preventScroll: true });
};

const showUnchecked = () => {
  clearTimeout(timeout);
  showPanel("unchecked");
  makeReady();
  signal("unchecked");
};

const beforeRequest = ({ detail }) => {
  clearTimeout(timeout);
  timeout = setTimeout(afterPress, ANSWER_WITHIN_MS, () => detail.xhr.abort());
  showPanel("checking");
};

/* A page that isn't the site's (a log-in to the cinema's Wi-Fi) is not an answer. */
const beforeSwap = ({ detail }) => {
  if (!detail.shouldSwap || detail.xhr.getResponseHeader("X-Door") === "answer") return;
  detail.shouldSwap = false;
  detail.isError = true;
};

const afterSwap = () => {
  clearTimeout(timeout);
  makeReady();
  const answer = verdict.firstElementChild.classList;
  if (answer.contains("verdict--unchecked")) signal("unchecked");
  else signal(answer.contains("verdict--valid") ? "valid" : "refused");
  // The answer decides who comes in: on a small phone it must not be below the edge.
  verdict.scrollIntoView({ block: "nearest" });
};

const watchAnswers = () => {
  verdict.addEventListener("htmx:beforeRequest", beforeRequest);
  verdict.addEventListener("htmx:beforeSwap", beforeSwap);
  verdict.addEventListener("htmx:afterSwap", afterSwap);
  for (const failure of ["responseError", "swapError", "onLoadError"]) {
    verdict.addEventListener(`htmx:${failure}`, showUnchecked);
  }
  for (const failure of ["sendError", "sendAbort", "timeout"]) {
    verdict.addEventListener(`htmx:${failure}`, (event) => {
      // The panel shows the error, and a new scan is the retry, so no toast is needed.
      event.stopPropagation();
      showUnchecked();
    });
  }
};

/* One request at a time, each with the ticket that was in the field when it was sent: the next
   one can be scanned while the first is still being checked. */

const waiting = [];
let isBusy = false;

const sendNext = async () => {
  if (isBusy || !waiting.length) return;
  isBusy = true;
  const { address, values } = waiting.shift();
  const options = { source: verdict, target: verdict, swap: "innerHTML", values };
  // The event listeners above show the error.
  await window.htmx.ajax("POST", address, options).catch(() => {});
  isBusy = false;
  afterPress(sendNext);
};

/* The ticket's form, and that of an answer that can be undone. */
const onSubmit = (event) => {
  const sent = event.target;
  if (sent !== form && !verdict.contains(sent)) return;
  event.preventDefault();
  waiting.push({ address: sent.action, values: Object.fromEntries(new FormData(sent)) });
  field.value = "";
  // The panel changes when it is sent, and it may have a button that is being pressed.
  afterPress(sendNext);
};

if (window.htmx) {
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, allowSound);
  watchAnswers();
  watchConnection();
  document.addEventListener("submit", onSubmit, { capture: true });
  camera = offerCamera((code) => {
    field.value = code;
    form.requestSubmit();
  });
}
