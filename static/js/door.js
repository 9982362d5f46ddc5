/* The door's scanner, where the browser can read QR codes: the camera types into the form for you.
   Without it the page is a plain form, and a hand-held scanner that types works too. */
(() => {
  "use strict";
  const form = document.getElementById("door-form");
  const field = document.getElementById("ticket");
  const verdict = document.getElementById("verdict");
  const box = document.querySelector("[data-camera]");
  if (!form || !field || !verdict || !box) return;

  // The next ticket can be typed at once. With the camera on, no keyboard jumps up.
  document.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (detail.target !== verdict) return;
    field.value = "";
    if (!stream) field.focus({ preventScroll: true });
    const answer = verdict.firstElementChild;
    navigator.vibrate?.(answer?.classList.contains("verdict--valid") ? 80 : [90, 60, 90, 60, 90]);
    // The answer decides who comes in: on a small phone it must not be below the edge.
    verdict.scrollIntoView({ block: "nearest" });
  });

  const LOOK_EVERY = 150;
  // A code that stays before the camera is one scan, until it was away this long.
  const SAME_CODE_FOR = 4000;
  const button = box.querySelector("[data-camera-switch]");
  const words = box.querySelector("[data-camera-words]");
  const problem = box.querySelector("[data-camera-problem]");
  const picture = box.querySelector("[data-camera-picture]");
  let stream = null;
  let detector = null;
  let last = { code: "", seen: 0 };

  const look = async () => {
    if (!stream) return;
    try {
      const [found] = await detector.detect(picture);
      const now = Date.now();
      if (found) {
        const isNew = found.rawValue !== last.code || now - last.seen > SAME_CODE_FOR;
        last = { code: found.rawValue, seen: now };
        if (isNew) {
          field.value = found.rawValue;
          form.requestSubmit();
        }
      }
    } catch {
      // A frame that isn't there yet; the next look finds one.
    }
    setTimeout(look, LOOK_EVERY);
  };

  const start = async () => {
    problem.textContent = "";
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
      picture.srcObject = stream;
      picture.hidden = false;
      await picture.play();
    } catch {
      stop();
      problem.textContent = "The camera can’t be used. Allow it in the browser’s settings, or type the reference.";
      return;
    }
    button.setAttribute("aria-pressed", "true");
    words.textContent = "Stop the camera";
    look();
  };

  const stop = () => {
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
    picture.srcObject = null;
    picture.hidden = true;
    button.setAttribute("aria-pressed", "false");
    words.textContent = "Scan with the camera";
  };

  const offer = async () => {
    if (!("BarcodeDetector" in window) || !navigator.mediaDevices?.getUserMedia) return;
    const formats = await BarcodeDetector.getSupportedFormats();
    if (!formats.includes("qr_code")) return;
    detector = new BarcodeDetector({ formats: ["qr_code"] });
    box.hidden = false;
    button.addEventListener("click", () => (stream ? stop() : start()));
    // A phone in a pocket keeps neither its camera nor its light on.
    document.addEventListener("visibilitychange", () => document.hidden && stream && stop());
  };
  offer();
})();
