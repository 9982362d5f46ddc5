/* How long a person from the waiting room may choose seats: said at a few steps, and when it is
   over. The server decides; the page only tells. */
const box = document.querySelector("[data-let-in]");
const status = document.querySelector("[data-let-in-spoken]");
const ends = performance.now() + Number(box.dataset.letIn) * 1000;
/* Read aloud when this many seconds are left. A page that slept passes both: the last one counts. */
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
    return end();
  }
  const mark = MARKS.find((seconds) => last > seconds && left <= seconds);
  if (mark) status.textContent = words(mark);
  last = left;
};
const timer = setInterval(tick, 1000);
