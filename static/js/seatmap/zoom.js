/* Zoom: buttons, Ctrl and wheel, two fingers. The seat under the fingers stays under them. */
import { isLargest, leastZoom, limitZoom, scrollAfterZoom } from "./geometry.js";
import { form, hall } from "./seats.js";

const BUTTON_STEP = 1.3;
/* Pixels of the wheel that make the map larger by e. */
const WHEEL_PIXELS = 300;

let zoom = 1;
/* Two fingers on the map: how far apart they were at first, and the zoom then. */
let pinch = null;

const rows = () => document.getElementById("hall-rows");
const least = () => leastZoom(hall.clientWidth, rows().offsetWidth);

/* Zooms with CSS `scale`: a new layout of two thousand seats takes seconds on a phone. */
const applyZoom = () => {
  const { style, offsetHeight } = rows();
  style.setProperty("--zoom", zoom.toFixed(3));
  style.setProperty("--high", `${offsetHeight}px`);
};

const markButtons = () => {
  for (const button of form.querySelectorAll("[data-zoom]")) {
    const isAtEnd = button.dataset.zoom === "in" ? isLargest(zoom) : zoom <= least();
    button.setAttribute("aria-disabled", String(isAtEnd));
  }
};

const middleOfHall = () => hall.getBoundingClientRect().left + hall.clientWidth / 2;

const zoomTo = (value, clientX = middleOfHall()) => {
  const next = limitZoom(value, least());
  if (next === zoom) return;
  const at = clientX - hall.getBoundingClientRect().left;
  const { scrollLeft, scrollWidth: widthBefore } = hall;
  zoom = next;
  applyZoom();
  hall.scrollLeft = scrollAfterZoom({ scrollLeft, at, widthBefore, widthAfter: hall.scrollWidth });
  markButtons();
};

const onClick = (event) => {
  const button = event.target.closest("[data-zoom]");
  if (button) zoomTo(zoom * (button.dataset.zoom === "in" ? BUTTON_STEP : 1 / BUTTON_STEP));
};

const onWheel = (event) => {
  if (!event.ctrlKey) return;
  event.preventDefault();
  zoomTo(zoom * Math.exp(-event.deltaY / WHEEL_PIXELS), event.clientX);
};

const distance = ([one, other]) =>
  Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);

const onTouchStart = ({ touches }) => {
  if (touches.length === 2) pinch = { distance: distance(touches), zoom };
};

const onTouchMove = (event) => {
  const { touches } = event;
  if (!pinch || touches.length !== 2) return;
  event.preventDefault();
  const middle = (touches[0].clientX + touches[1].clientX) / 2;
  zoomTo((pinch.zoom * distance(touches)) / pinch.distance, middle);
};

export const startZoom = () => {
  new ResizeObserver(applyZoom).observe(rows());
  form.addEventListener("click", onClick);
  hall.addEventListener("wheel", onWheel, { passive: false });
  hall.addEventListener("touchstart", onTouchStart, { passive: true });
  hall.addEventListener("touchmove", onTouchMove, { passive: false });
  hall.addEventListener("touchend", () => {
    pinch = null;
  });
  markButtons();
};
