/* The seat map. The server draws it as a plain form, which works without this script. The script
   adds the bar's words, arrow keys, zoom, the live stream, and keeps the choice through changes. */
import { sayBestSeats, showChoice, startBar } from "./bar.js";
import { middleOf } from "./geometry.js";
import { putInTabOrder, startKeyboard } from "./keyboard.js";
import { isLive, startLive } from "./live.js";
import { watchOwnHold } from "./own-hold.js";
import { refreshOwn, startPolling } from "./polling.js";
import { chosenSeats, form, hall } from "./seats.js";
import { startTip } from "./tip.js";
import { startZoom } from "./zoom.js";

/* Whether the server has chosen the seats (the form "Best seats for"). */
const wereFound = "found" in form.dataset;

/* Scroll the chosen seats to the middle of the hall, or its own middle without any. */
const scrollAcross = (boxes) => {
  const middle = boxes.length
    ? middleOf(boxes, "left", "width") - hall.getBoundingClientRect().left
    : hall.scrollWidth / 2 - hall.scrollLeft;
  hall.scrollLeft += middle - hall.clientWidth / 2;
};

/* Scroll the page so that they are in the middle of what the bar leaves free. */
const scrollDown = (boxes) => {
  const room = innerHeight - (form.querySelector("[data-bar]")?.offsetHeight ?? 0);
  const isHidden = boxes.some((box) => box.top < 0 || box.bottom > room);
  if (!isHidden && !wereFound) return;
  scrollBy({ top: middleOf(boxes, "top", "height") - room / 2, behavior: "instant" });
};

const scrollToChoice = () => {
  const boxes = chosenSeats().map((seat) => seat.getBoundingClientRect());
  scrollAcross(boxes);
  if (!boxes.length) return;
  scrollDown(boxes);
  if (wereFound) sayBestSeats();
};

startBar(putInTabOrder);
startPolling(isLive);
startZoom();
startTip();
startKeyboard();
watchOwnHold(refreshOwn);
showChoice();
scrollToChoice();
startLive();
