/* Scans QR codes with the camera, on the pages of the door and of the counter. The page has the
   markup of templates/bookings/_camera.html. */
import { afterPress } from "./press.js";

const LOOK_EVERY_MS = 150;
/* A code that stays before the camera is one scan. After this time away it is a new scan. */
const SAME_CODE_FOR_MS = 4000;
const camera = document.querySelector("[data-camera]");
const button = camera?.querySelector("[data-camera-switch]");
const words = camera?.querySelector("[data-camera-words]");
const problem = camera?.querySelector("[data-camera-problem]");
const picture = camera?.querySelector("[data-camera-picture]");
let onCode = () => {};
let stream = null;
let detector = null;
let last = { code: "", seen: 0 };

const take = (code) => {
  const now = Date.now();
  const isNew = code !== last.code || now - last.seen > SAME_CODE_FOR_MS;
  last = { code, seen: now };
  if (!isNew) return;
  onCode(code);
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
  await new Promise(afterPress);
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

/* The camera's button. It goes where the browser allows no camera. `found` gets the text of each
   code. */
export const offerCamera = (found) => {
  onCode = found;
  if (camera && !navigator.mediaDevices?.getUserMedia) {
    camera.hidden = true;
  } else if (camera) {
    button.disabled = false;
    button.addEventListener("click", () => (stream ? stop() : start()));
    // Turn camera and light off when the phone is locked or put away.
    document.addEventListener("visibilitychange", () => document.hidden && stream && stop());
  }
  return { isOn: () => stream !== null };
};
