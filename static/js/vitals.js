/* How fast this page was for this visitor: five numbers, sent once, when the page is left. */
(() => {
  "use strict";
  if (!("PerformanceObserver" in window) || !navigator.sendBeacon) return;
  const seen = { path: location.pathname };

  const observe = (type, take, options = {}) => {
    if (!PerformanceObserver.supportedEntryTypes.includes(type)) return;
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({
      type,
      buffered: true,
      ...options,
    });
  };

  // A page made ready before it was asked for counts from when it was shown.
  const navigation = performance.getEntriesByType("navigation")[0];
  const shown = navigation?.activationStart ?? 0;
  if (navigation) seen.TTFB = Math.max(navigation.responseStart - shown, 0);
  observe("paint", (entry) => {
    if (entry.name === "first-contentful-paint") seen.FCP = Math.max(entry.startTime - shown, 0);
  });
  observe("largest-contentful-paint", (entry) => {
    seen.LCP = Math.max(entry.startTime - shown, 0);
  });
  // The slowest answer to a press or a key. On a page with hundreds of them it is pessimistic.
  observe(
    "event",
    (entry) => {
      if (entry.interactionId) seen.INP = Math.max(seen.INP ?? 0, entry.duration);
    },
    { durationThreshold: 40 },
  );
  // Shifts count by bursts: at most 1 s between two, at most 5 s in all; the worst burst is told.
  let burst = 0,
    first = 0,
    last = 0;
  observe("layout-shift", (entry) => {
    if (entry.hadRecentInput) return;
    const belongs = entry.startTime - last < 1000 && entry.startTime - first < 5000;
    burst = belongs ? burst + entry.value : entry.value;
    if (!belongs) first = entry.startTime;
    last = entry.startTime;
    seen.CLS = Math.max(seen.CLS ?? 0, burst);
  });

  let sent = false;
  const send = () => {
    if (sent) return;
    sent = true;
    if (PerformanceObserver.supportedEntryTypes.includes("layout-shift")) seen.CLS ??= 0;
    navigator.sendBeacon("/vitals", JSON.stringify(seen));
  };
  addEventListener("visibilitychange", () => document.visibilityState === "hidden" && send());
  addEventListener("pagehide", send);
})();
