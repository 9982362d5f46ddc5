/* How long a person from the waiting room may still choose seats. A screen reader announces it at
   MARKS, and the page says when it is over. Only the server refuses a hold. */
import { afterPress } from "../press.js";

const box = document.querySelector("[data-let-in]");
const status = document.querySelector("[data-let-in-spoken]");
const ends = performance.now() + Number(box.dataset.letIn) * 1000;
/* Announced when this many seconds are left. If a sleeping page passes both, only the smaller one. */
const MARKS = [60, 300];
const words = (seconds) =>
  `${seconds / 60} minute${seconds > 60 ? "s" : ""} left to choose your seats.`;

const end = () => {
  box.classList.add("let-in--over");
  box.querySelector("[data-let-in-now]").hidden = true;
  const over = box.querySelector("[data-let-in-over]");
  over.hidden = false;
  status.textContent = "Your time to choose seats is over.";
};

let last = Number(box.dataset.letIn);
const tick = () => {
  const left = (ends - performance.now()) / 1000;
  if (left <= 0) {
    clearInterval(timer);
    return afterPress(end);
  }
  const mark = MARKS.find((seconds) => last > seconds && left <= seconds);
  if (mark) status.textContent = words(mark);
  last = left;
};
const timer = setInterval(tick, 1000);
