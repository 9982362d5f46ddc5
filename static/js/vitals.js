/* How fast this page was for this visitor: five numbers, sent once, when the page is left. */

const seen = { path: location.pathname };
/* A prerendered page is measured from the moment it was shown. */
const navigation = performance.getEntriesByType("navigation")[0];
const shown = navigation?.activationStart ?? 0;

const isSupported = (type) => PerformanceObserver.supportedEntryTypes.includes(type);

/* take: called with each entry of this type, past ones too. */
const observe = (type, take, options = {}) => {
  if (!isSupported(type)) return;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) take(entry);
  });
  observer.observe({ type, buffered: true, ...options });
};

const watchLoading = () => {
  if (navigation) seen.TTFB = Math.max(navigation.responseStart - shown, 0);
  observe("paint", (entry) => {
    if (entry.name === "first-contentful-paint") seen.FCP = Math.max(entry.startTime - shown, 0);
  });
  observe("largest-contentful-paint", (entry) => {
    seen.LCP = Math.max(entry.startTime - shown, 0);
  });
};

/* The slowest answer to a press or a key. For a page with hundreds of them this is pessimistic. */
const watchPresses = () => {
  const take = (entry) => {
    if (entry.interactionId) seen.INP = Math.max(seen.INP ?? 0, entry.duration);
  };
  observe("event", take, { durationThreshold: 40 });
};

/* Layout shifts are summed in bursts: at most 1 s between two shifts and 5 s in all. The result is
   the worst burst. */
const watchShifts = () => {
  let burst = 0;
  let first = 0;
  let last = 0;
  observe("layout-shift", (entry) => {
    if (entry.hadRecentInput) return;
    const belongs = entry.startTime - last < 1000 && entry.startTime - first < 5000;
    burst = belongs ? burst + entry.value : entry.value;
    if (!belongs) first = entry.startTime;
    last = entry.startTime;
    seen.CLS = Math.max(seen.CLS ?? 0, burst);
  });
};

let isSent = false;
const send = () => {
  if (isSent) return;
  isSent = true;
  if (isSupported("layout-shift")) seen.CLS ??= 0;
  navigator.sendBeacon("/vitals", JSON.stringify(seen));
};

if ("PerformanceObserver" in window && navigator.sendBeacon) {
  watchLoading();
  watchPresses();
  watchShifts();
  addEventListener("visibilitychange", () => document.visibilityState === "hidden" && send());
  addEventListener("pagehide", send);
}
