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

// Whether the last page couldn't be fetched: then what the page above is made of can't be either.
// navigator.onLine says yes where only the site is out of reach, and for a while after a loss.
let cut = false;
const page = async (request) => {
  try {
    const answer = await fetch(request);
    cut = false;
    return answer;
  } catch {
    cut = true;
    return caches.match(KEPT[0]);
  }
};

addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode === "navigate" && request.method === "GET") {
    event.respondWith(page(request));
  } else if (cut && KEPT.includes(new URL(request.url).pathname)) {
    event.respondWith(caches.match(new URL(request.url).pathname));
  }
});
