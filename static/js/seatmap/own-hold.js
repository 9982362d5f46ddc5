/* The viewer's own hold. A poll's map is the same for everyone, so the page remembers which seats
   the viewer holds, until the hold ends. */
import { afterPress } from "../press.js";
import { chosenSeats, form, map } from "./seats.js";

/* The names of the viewer's held seats by label: "C4" → "C4, ₹250, held for you". */
export const own = new Map();

export const ownLabels = () => [...own.keys()];

/* The line about the hold at the foot of the page; the server draws it. */
const line = () => document.getElementById("own-hold");

let expiry = 0;
let onChange = () => {};
let isAsking = false;

const readLine = () => {
  clearTimeout(expiry);
  own.clear();
  const { names, seconds } = line()?.dataset ?? {};
  for (const [label, name] of Object.entries(JSON.parse(names ?? "{}"))) own.set(label, name);
  if (own.size) expiry = setTimeout(afterPress, Number(seconds) * 1000, expire);
};

const expire = () => {
  own.clear();
  line().hidden = true;
  onChange({ tickOwn: false });
};

const fetchLine = async () => {
  try {
    const answer = await fetch(form.dataset.ownUrl);
    return answer.ok ? await answer.text() : "";
  } catch {
    // The connection is lost, or the page is being left. The next focus asks again.
    return "";
  }
};

/* Another tab may have made a hold or released it, and no poll can tell. */
const askServer = async () => {
  if (isAsking || !form.dataset.ownUrl || map.querySelector("[data-final]")) return;
  isAsking = true;
  const answer = await fetchLine();
  isAsking = false;
  if (answer) afterPress(() => showLine(answer));
};

/* A seat that the map shows as free, sold or newly taken is not the viewer's any more: the hold has
   ended elsewhere. The server says whether the viewer has another one. */
export const forgetOwn = (label) => {
  if (own.delete(label)) askServer();
};

const showLine = (answer) => {
  const before = ownLabels().join();
  line().outerHTML = answer;
  readLine();
  if (ownLabels().join() !== before) onChange({ tickOwn: !chosenSeats().length });
};

/* changed: called when the hold has changed, with whether its seats should be ticked. */
export const watchOwnHold = (changed) => {
  onChange = changed;
  readLine();
  addEventListener("focus", askServer);
};
