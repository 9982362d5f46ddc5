/* The door: checks one ticket after another. The panel shows the answer for the last ticket only.
   The camera types into the form. Without this file the page is a plain form, and a hand-held
   scanner that types works too. */
(() => {
  "use strict";
  const form = document.getElementById("door-form");
  const field = document.getElementById("ticket");
  const verdict = document.getElementById("verdict");
  const box = document.querySelector("[data-camera]");
  if (!form || !field || !verdict || !box || !window.htmx) return;

  // What each answer feels and sounds like: vibration and pauses in ms, tones in Hz.
  const SIGNALS = {
    valid: { vibration: [80], tones: [1320] },
    refused: { vibration: [90, 60, 90, 60, 90], tones: [330, 330] },
    unchecked: { vibration: [600, 150, 600], tones: [520, 260, 520, 260] },
  };
  const TONE_SECONDS = 0.14;
  let sound = null;
  // Browsers allow sound after a touch or a key only.
  const allowSound = () => {
    if (!window.AudioContext) return;
    sound ??= new AudioContext();
    sound.resume().catch(() => {});
  };
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, allowSound);
  const signal = (name) => {
    navigator.vibrate?.(SIGNALS[name].vibration);
    if (sound?.state !== "running") return;
    SIGNALS[name].tones.forEach((tone, place) => {
      const player = new OscillatorNode(sound, { frequency: tone, type: "square" });
      player.connect(new GainNode(sound, { gain: 0.15 })).connect(sound.destination);
      player.start(sound.currentTime + place * TONE_SECONDS * 1.3);
      player.stop(sound.currentTime + place * TONE_SECONDS * 1.3 + TONE_SECONDS);
    });
  };

  const ANSWER_WITHIN = 8000;
  let late = 0;
  const put = (name) => {
    verdict.replaceChildren(document.getElementById(`verdict-${name}`).content.cloneNode(true));
    verdict.scrollIntoView({ block: "nearest" });
  };
  // The next ticket can be typed at once. With the camera on, no keyboard jumps up.
  const makeReady = () => {
    if (!stream) field.focus({ preventScroll: true });
  };
  const notChecked = () => {
    clearTimeout(late);
    put("unchecked");
    makeReady();
    signal("unchecked");
  };
  verdict.addEventListener("htmx:beforeRequest", ({ detail }) => {
    clearTimeout(late);
    late = setTimeout(() => detail.xhr.abort(), ANSWER_WITHIN);
    put("checking");
  });
  verdict.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (!detail.shouldSwap) return;
    // A page that isn't the site's (a log-in to the cinema's Wi-Fi) is no answer.
    if (detail.xhr.getResponseHeader("X-Door") === "answer") return;
    detail.shouldSwap = false;
    detail.isError = true;
  });
  for (const failure of ["responseError", "swapError", "onLoadError"]) {
    verdict.addEventListener(`htmx:${failure}`, notChecked);
  }
  for (const failure of ["sendError", "sendAbort", "timeout"]) {
    verdict.addEventListener(`htmx:${failure}`, (event) => {
      // The panel says it; to try again is to scan again.
      event.stopPropagation();
      notChecked();
    });
  }
  verdict.addEventListener("htmx:afterSwap", () => {
    clearTimeout(late);
    makeReady();
    const answer = verdict.firstElementChild.classList;
    if (answer.contains("verdict--unchecked")) signal("unchecked");
    else signal(answer.contains("verdict--valid") ? "valid" : "refused");
    // The answer decides who comes in: on a small phone it must not be below the edge.
    verdict.scrollIntoView({ block: "nearest" });
  });

  // One request at a time, each with the ticket that was in the field when it was sent: the next
  // one can be scanned while the first is still being checked.
  const waiting = [];
  let busy = false;
  const sendNext = async () => {
    if (busy || !waiting.length) return;
    busy = true;
    const { address, values } = waiting.shift();
    // What went wrong is said by the events above.
    await window.htmx
      .ajax("POST", address, { source: verdict, target: verdict, swap: "innerHTML", values })
      .catch(() => {});
    busy = false;
    sendNext();
  };
  // The ticket's form, and that of an answer that can be undone.
  document.addEventListener(
    "submit",
    (event) => {
      const sent = event.target;
      if (sent !== form && !verdict.contains(sent)) return;
      event.preventDefault();
      waiting.push({ address: sent.action, values: Object.fromEntries(new FormData(sent)) });
      field.value = "";
      sendNext();
    },
    { capture: true },
  );

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

  // The browser's own reader of QR codes, or the one that is served for Firefox and Safari.
  const reader = async () => {
    const formats = await window.BarcodeDetector?.getSupportedFormats().catch(() => []);
    const Reader = formats?.includes("qr_code")
      ? window.BarcodeDetector
      : (await import(box.dataset.decoder)).BarcodeDetector;
    return new Reader({ formats: ["qr_code"] });
  };

  const start = async () => {
    problem.textContent = "";
    try {
      detector ??= await reader();
    } catch {
      problem.textContent =
        "The scanner could not be loaded. Check the connection and try again, " +
        "or type the reference.";
      return;
    }
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: "environment" },
        audio: false,
      });
      picture.srcObject = stream;
      picture.hidden = false;
      await picture.play();
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

  const stop = () => {
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
    picture.srcObject = null;
    picture.hidden = true;
    button.setAttribute("aria-pressed", "false");
    words.textContent = "Scan with the camera";
  };

  if (navigator.mediaDevices?.getUserMedia) {
    box.hidden = false;
    button.addEventListener("click", () => (stream ? stop() : start()));
    // A phone in a pocket keeps neither its camera nor its light on.
    document.addEventListener("visibilitychange", () => document.hidden && stream && stop());
  }
})();
