/* A click goes to the control that is under the pointer when it is pressed and when it is released. If
   a change of the page moves, covers or replaces the control in between, the click is lost, or another
   control gets it. So changes that come by themselves wait for the end of a press. */

const CONTROLS = "a, button, input, label, summary";
/* A press whose end the page never hears of must not stop it. */
const LONGEST_MS = 30_000;
/* After a finger is lifted, its click comes a little later. */
const CLICK_MS = 300;

/* The changes that wait; null while nothing is pressed. */
let waiting = null;
let timer = 0;

const end = () => {
  const changes = waiting ?? [];
  waiting = null;
  for (const change of changes) queueMicrotask(change);
};

const endIn = (milliseconds) => {
  if (!waiting) return;
  clearTimeout(timer);
  timer = setTimeout(end, milliseconds);
};

const begin = (target) => {
  if (!target.closest?.(CONTROLS)) return;
  waiting ??= [];
  endIn(LONGEST_MS);
};

const isSpace = ({ key }) => key === " ";
const LISTENERS = {
  pointerdown: (event) => event.isPrimary && event.button === 0 && begin(event.target),
  pointerup: () => endIn(CLICK_MS),
  pointercancel: () => endIn(0),
  // Space presses a button; the click comes when the key is released.
  keydown: (event) => isSpace(event) && begin(event.target),
  keyup: (event) => isSpace(event) && endIn(0),
  // Another window has the keyboard now, and hears of the release.
  blur: (event) => event.target === window && endIn(0),
  // Not at once: what the click does comes first.
  click: () => endIn(0),
};
for (const [name, listener] of Object.entries(LISTENERS)) addEventListener(name, listener, true);

/* Changes the page now, or after the press of a pointer or of the Space key that is under way. Changes
   keep their order. */
export const afterPress = (change) => {
  if (waiting) waiting.push(change);
  else change();
};

/* What htmx does with an answer. An answer that waits is dropped if the next request replaces its own. */
document.addEventListener("htmx:beforeSend", ({ detail: { xhr } }) => {
  let isWaiting = false;
  for (const name of ["onload", "onerror", "ontimeout"]) {
    const hear = xhr[name];
    xhr[name] = () => {
      isWaiting = true;
      afterPress(() => {
        if (isWaiting) hear.call(xhr);
        isWaiting = false;
      });
    };
  }
  xhr.abort = () => {
    if (!isWaiting) return XMLHttpRequest.prototype.abort.call(xhr);
    isWaiting = false;
    return xhr.onabort();
  };
});
