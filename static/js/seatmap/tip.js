/* The name of the seat under the pointer or with the focus, in a small label above it. */
import { labelMiddle } from "./geometry.js";
import { hall, isSeat, map } from "./seats.js";

const GAP = 6;
const tip = document.getElementById("seat-tip");
const mouse = matchMedia("(hover: hover)");

const hide = () => {
  tip.hidden = true;
};

const show = (seat) => {
  if (!isSeat(seat)) {
    hide();
    return;
  }
  tip.textContent = seat.getAttribute("aria-label").replaceAll(", ", " · ");
  tip.hidden = false;
  const frame = hall.parentElement.getBoundingClientRect();
  const box = seat.getBoundingClientRect();
  const middle = labelMiddle(box.left + box.width / 2 - frame.left, tip.offsetWidth, frame.width);
  const top = box.top - frame.top - tip.offsetHeight - GAP;
  tip.style.translate = `${middle - tip.offsetWidth / 2}px ${top}px`;
};

export const startTip = () => {
  map.addEventListener("pointerover", ({ target }) => {
    if (mouse.matches) show(target);
  });
  map.addEventListener("pointerleave", hide);
  map.addEventListener("focusin", ({ target }) => {
    if (target.matches(":focus-visible")) show(target);
  });
  map.addEventListener("focusout", hide);
  hall.addEventListener("scroll", hide, { passive: true });
};
