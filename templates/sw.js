/* When a page can't be fetched, say so in the house's own words. Nothing else is kept or changed:
   a seat map must never come from yesterday. */
"use strict";
const KEPT = {{ kept|safe }};
const NAME = "offline-{{ version }}";

addEventListener("install", (event) => {
  // What is posted goes past this worker: a beacon that a page sends as it is left would end with
  // the page if it had to wait for an answer from here. Nor does a poll wake the worker.
  event.addRoutes?.([
    { condition: { requestMethod: "POST" }, source: "network" },
    { condition: { urlPattern: "/shows/*/seats/" }, source: "network" },
  ]);
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(KEPT)).then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name !== NAME) await caches.delete(name);
    await clients.claim();
  })());
});

addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode === "navigate" && request.method === "GET") {
    event.respondWith(fetch(request).catch(() => caches.match(KEPT[0])));
  } else if (!navigator.onLine && KEPT.includes(new URL(request.url).pathname)) {
    event.respondWith(caches.match(new URL(request.url).pathname));
  }
});
