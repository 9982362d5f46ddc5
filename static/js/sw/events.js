/* The events of the service worker's life, and of requests. */
import { answerFile, answerPage, isKeptFile } from "./answers.js";

const SHELL = `offline-${self.SITE.version}`;

addEventListener("install", (event) => {
  // POST requests don't go through this worker: a beacon that a page sends when it is left would
  // be lost with the page. Polls of the seat map don't wake the worker either.
  event.addRoutes?.([
    { condition: { requestMethod: "POST" }, source: "network" },
    { condition: { urlPattern: "/shows/*/seats/" }, source: "network" },
  ]);
  const keep = async () => {
    await (await caches.open(SHELL)).addAll(self.SITE.kept);
    await skipWaiting();
  };
  event.waitUntil(keep());
});

addEventListener("activate", (event) => {
  const dropOld = async () => {
    for (const name of await caches.keys()) if (name !== SHELL) await caches.delete(name);
    await clients.claim();
  };
  event.waitUntil(dropOld());
});

addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode === "navigate" && request.method === "GET") {
    event.respondWith(answerPage(request));
  } else if (isKeptFile(request)) {
    event.respondWith(answerFile(request));
  }
});
