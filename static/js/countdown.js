/* The time left to confirm or pay for each hold on the page. The server sends the seconds that are left; the
   page counts down with performance.now(), which never jumps. After the page may have been asleep,
   it asks the server again. */
import { afterPress } from "./press.js";
import { hideToast, showToast } from "./site.js";

const WARN_SECONDS = 30;
/* Read aloud when this many seconds are left. */
const SPOKEN_MARKS = [60, 30, 10];
const status = document.querySelector("[data-countdown-status]");

const words = (seconds, purpose) =>
  seconds >= 60
    ? `${Math.floor(seconds / 60)} minute${seconds >= 120 ? "s" : ""} left to ${purpose}.`
    : `${seconds} seconds left to ${purpose}.`;

const fetchHold = async (address) => {
  const response = await fetch(address, {
    headers: { Accept: "application/json" },
    cache: "no-store",
    redirect: "error",
  });
  if (!response.ok) throw new Error(response.status);
  return response.json();
};

class Countdown {
  constructor(box) {
    this.box = box;
    this.ring = box.querySelector("[data-ring]");
    this.time = box.querySelector("[data-time]");
    this.ends = performance.now() + Number(box.dataset.seconds) * 1000;
    this.last = Infinity;
    this.isAsking = false;
  }

  /* Ask the server how long there is. A hold that has ended reloads the page, unless somebody is
     typing there: the log-in page stays, and says that the time is over. */
  async ask() {
    if (this.isAsking) return;
    this.isAsking = true;
    try {
      const sent = performance.now();
      const hold = await fetchHold(this.box.dataset.clock);
      if (hold.status === "PENDING") this.ends = sent + hold.seconds * 1000;
      else this.end();
    } catch {
      if (!navigator.onLine) {
        showToast("Connection failed. Please check your internet.", () => this.ask());
      }
    } finally {
      this.isAsking = false;
    }
  }

  end() {
    if (this.box.hasAttribute("data-stays")) {
      this.isOver = true;
      afterPress(() => {
        this.box.textContent = "The time is over; your seats may still be free";
      });
    } else location.reload();
  }

  run() {
    if (this.isOver) return;
    const left = Math.max(0, (this.ends - performance.now()) / 1000);
    this.show(left);
    if (left <= 0) this.ask();
    setTimeout(() => this.run(), left <= 0 ? 1000 : 200);
  }

  show(left) {
    const seconds = Math.ceil(left);
    this.ring?.setAttribute(
      "stroke-dasharray",
      `${left.toFixed(2)} ${this.box.dataset.holdSeconds}`,
    );
    this.time.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    this.box.classList.toggle("countdown--soon", seconds <= WARN_SECONDS);
    this.speak(seconds);
    this.last = seconds;
  }

  speak(seconds) {
    const isPassed = (mark) => this.last > mark && seconds <= mark && seconds > mark - 5;
    const passed = SPOKEN_MARKS.find(isPassed);
    if (!status || !passed || this.last === Infinity) return;
    status.textContent = words(passed, this.box.dataset.purpose ?? "confirm");
  }
}

const countdowns = [...document.querySelectorAll("[data-countdown]")].map(
  (box) => new Countdown(box),
);
const askAll = () => {
  for (const countdown of countdowns) countdown.ask();
};

for (const countdown of countdowns) countdown.run();
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) askAll();
});
addEventListener("online", () => {
  hideToast();
  askAll();
});
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
