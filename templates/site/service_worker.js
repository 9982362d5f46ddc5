/* When a page can't be fetched, show the site's own offline page. Nothing else is cached, so that
   nobody sees an old seat map. */
"use strict";
const KEPT = {{ kept|safe }};
const NAME = "offline-{{ version }}";

addEventListener("install", (event) => {
  // POST requests don't go through this worker: a beacon that a page sends when it is left would
  // be lost with the page. Polls of the seat map don't wake the worker either.
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

// Whether the last page couldn't be fetched. Then the offline page's files come from the cache too.
// navigator.onLine doesn't help: it is true if only the site can't be reached.
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
