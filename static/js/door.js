/* The door checks one ticket after another, and the panel shows the answer for the last one only.
   The camera types into the form. Without this script the page is a plain form, and a hand-held
   scanner that types works too. */

const form = document.getElementById("door-form");
const field = document.getElementById("ticket");
const verdict = document.getElementById("verdict");
const camera = document.querySelector("[data-camera]");

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
  if (!stream) field.focus({ preventScroll: true });
};

const showUnchecked = () => {
  clearTimeout(timeout);
  showPanel("unchecked");
  makeReady();
  signal("unchecked");
};

const beforeRequest = ({ detail }) => {
  clearTimeout(timeout);
  timeout = setTimeout(() => detail.xhr.abort(), ANSWER_WITHIN_MS);
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
  sendNext();
};

/* The ticket's form, and that of an answer that can be undone. */
const onSubmit = (event) => {
  const sent = event.target;
  if (sent !== form && !verdict.contains(sent)) return;
  event.preventDefault();
  waiting.push({ address: sent.action, values: Object.fromEntries(new FormData(sent)) });
  field.value = "";
  sendNext();
};

/* The camera. */

const LOOK_EVERY_MS = 150;
/* A code that stays before the camera is one scan. After this time away it is a new scan. */
const SAME_CODE_FOR_MS = 4000;
const button = camera.querySelector("[data-camera-switch]");
const words = camera.querySelector("[data-camera-words]");
const problem = camera.querySelector("[data-camera-problem]");
const picture = camera.querySelector("[data-camera-picture]");
let stream = null;
let detector = null;
let last = { code: "", seen: 0 };

const take = (code) => {
  const now = Date.now();
  const isNew = code !== last.code || now - last.seen > SAME_CODE_FOR_MS;
  last = { code, seen: now };
  if (!isNew) return;
  field.value = code;
  form.requestSubmit();
};

const look = async () => {
  if (!stream) return;
  try {
    const [found] = await detector.detect(picture);
    if (found) take(found.rawValue);
  } catch {
    // There is no frame yet. The next look finds one.
  }
  setTimeout(look, LOOK_EVERY_MS);
};

/* The browser's own reader of QR codes, or the one that is served for Firefox and Safari. */
const loadDetector = async () => {
  const formats = await window.BarcodeDetector?.getSupportedFormats().catch(() => []);
  const Detector = formats?.includes("qr_code")
    ? window.BarcodeDetector
    : (await import(camera.dataset.decoder)).BarcodeDetector;
  return new Detector({ formats: ["qr_code"] });
};

const openCamera = async () => {
  stream = await navigator.mediaDevices.getUserMedia({
    video: { facingMode: "environment" },
    audio: false,
  });
  picture.srcObject = stream;
  picture.hidden = false;
  await picture.play();
};

const stop = () => {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  picture.srcObject = null;
  picture.hidden = true;
  button.setAttribute("aria-pressed", "false");
  words.textContent = "Scan with the camera";
};

const start = async () => {
  problem.textContent = "";
  try {
    detector ??= await loadDetector();
  } catch {
    problem.textContent =
      "The scanner could not be loaded. Check the connection and try again, " +
      "or type the reference.";
    return;
  }
  try {
    await openCamera();
  } catch {
    stop();
    problem.textContent =
      "The camera can’t be used. Allow it in the browser’s settings, or type the reference.";
    return;
  }
  button.setAttribute("aria-pressed", "true");
  words.textContent = "Stop the camera";
  look();
};

const offerCamera = () => {
  if (!navigator.mediaDevices?.getUserMedia) return;
  camera.hidden = false;
  button.addEventListener("click", () => (stream ? stop() : start()));
  // Turn camera and light off when the phone is locked or put away.
  document.addEventListener("visibilitychange", () => document.hidden && stream && stop());
};

if (window.htmx) {
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, allowSound);
  watchAnswers();
  document.addEventListener("submit", onSubmit, { capture: true });
  offerCamera();
}
