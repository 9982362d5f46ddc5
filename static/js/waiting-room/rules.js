/* What the waiting page shows, from the state that is the same for all and the visitor's own number.
   No DOM here, so that Node.js tests it. Times are milliseconds since 1970, by the server's clock. */
import { turnOf } from "./lottery.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/* A screen reader announces these times that are left, and these numbers of people before one. */
const SPOKEN_MINUTES = [1, 5, 10, 30, 60];
const SPOKEN_PLACES = [10000, 5000, 2000, 1000, 500, 200, 100, 50, 20, 10, 5, 1];

/* The state's JSON with its times as numbers. */
export const readState = (json) => ({
  ...json,
  now: Date.parse(json.now),
  opensAt: Date.parse(json.opensAt),
  prequeueFrom: Date.parse(json.prequeueFrom),
});

/* What to show: `part` of the page; `until`, the time that it counts down to; `ahead`, how many
   people at most are called before this one (some of them have left). own: the visitor's place, null
   without one: `turn`, null before the draw; `isLate`, whether the time to go in is over, as far as
   this page knows. */
export const viewOf = (state, own, now) => {
  if (state.phase === "off" || state.phase === "closed") return { part: state.phase };
  if (now < state.prequeueFrom) return { part: "early", until: state.prequeueFrom };
  if (now < state.opensAt) return { part: own ? "inside" : "before", until: state.opensAt };
  return own ? placeView(state, own) : { part: "open" };
};

const placeView = (state, { turn, isLate }) => {
  if (!turn) return { part: "drawing" };
  if (turn <= state.calledUpto) return { part: isLate ? "late" : "turn" };
  const ahead = turn - state.calledUpto - 1;
  return ahead ? { part: "line", ahead } : { part: "next" };
};

/* The turn of an arrival number; null before the draw. People who joined after the opening follow in
   the order of arrival. */
export const ownTurn = async (number, state) => {
  if (state.early === null) return null;
  return state.seed && number <= state.early ? turnOf(number, state.seed, state.early) : number;
};

/* Milliseconds until the state is asked for again. luck: a random number from 0 to 1, so that not
   all pages ask together. */
export const nextLook = (view, state, now, luck) => {
  const spread = 0.8 + 0.4 * luck;
  if (view.until) {
    // Just after the opening everybody looks, within four seconds.
    const left = view.until - now;
    return left < 30 * SECOND ? left + luck * 4 * SECOND : Math.min(left / 2, 30 * SECOND) * spread;
  }
  if (view.part === "drawing" || view.part === "next") return 2 * SECOND * spread;
  if (view.part !== "line") return 10 * SECOND * spread;
  const minutes = view.ahead / state.rate;
  return (minutes < 1 ? 2 : minutes < 10 ? 5 : 15) * SECOND * spread;
};

/* Milliseconds until the next try after the given number of failed looks. */
export const nextTry = (failures, luck) =>
  Math.min(3 * 1.6 ** Math.max(failures - 1, 0), 30) * SECOND * (0.8 + 0.4 * luck);

/* 14:05, 3:14:05, 2 days 3 h */
export const clockFace = (milliseconds) => {
  const seconds = Math.max(0, Math.ceil(milliseconds / SECOND));
  const hours = Math.floor(seconds / 3600);
  if (hours >= 24) {
    const days = Math.floor(hours / 24);
    return `${days} day${days > 1 ? "s" : ""} ${hours % 24} h`;
  }
  const two = (count) => String(count).padStart(2, "0");
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return hours ? `${hours}:${rest}` : rest.replace(/^0/, "");
};

export const countOf = (count, one, many = `${one}s`) =>
  `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

/* How long the line takes if nobody before one leaves; never less than what the rate allows. */
export const leastWait = (ahead, rate) => {
  const minutes = Math.ceil((ahead + 1) / rate);
  if (minutes <= 1) return "about a minute";
  return minutes <= 90 ? `about ${minutes} minutes` : `about ${Math.ceil(minutes / 60)} hours`;
};

/* What a screen reader says about the change from one view to the next; "" for nothing. `left` of a
   view is the time until `until`; `words` are those of its part. */
export const spoken = (before, after, words) => {
  const isNew = before?.part !== after.part;
  if (after.part === "line") {
    const most = isNew ? Number.POSITIVE_INFINITY : before.ahead;
    const isPassed = SPOKEN_PLACES.some((place) => most > place && after.ahead <= place);
    return isNew || isPassed ? lineWords(after.ahead) : "";
  }
  if (isNew) return words;
  const passed = SPOKEN_MINUTES.find(
    (minutes) => before.left > minutes * MINUTE && after.left <= minutes * MINUTE,
  );
  return passed ? `${countOf(passed, "minute")} to go.` : "";
};

const lineWords = (ahead) => `At most ${countOf(ahead, "person", "people")} before you.`;
