/* The events of the service worker's life, of requests, and of pages. */
import { answerFile, answerLogOut, answerPage, isKeptFile } from "./answers.js";
import { isLeaving, LEAVING } from "./rules.js";
import { savedTickets, saveTickets, TICKETS } from "./tickets.js";

const SHELL = `offline-${self.SITE.version}`;

addEventListener("install", (event) => {
  // POST requests don't go through this worker, except those of people who leave: a beacon that a
  // page sends when it is left would be lost with the page. Polls and streams of the seat map don't
  // wake the worker either.
  const leaving = LEAVING.map((ending) => ({
    condition: { urlPattern: `/*${ending}` },
    source: "fetch-event",
  }));
  event.addRoutes?.([
    ...leaving,
    { condition: { requestMethod: "POST" }, source: "network" },
    { condition: { urlPattern: "/shows/*/seats/" }, source: "network" },
    { condition: { urlPattern: "/live/*" }, source: "network" },
  ]);
  const keep = async () => {
    await (await caches.open(SHELL)).addAll(self.SITE.kept);
    await skipWaiting();
  };
  event.waitUntil(keep());
});

addEventListener("activate", (event) => {
  const dropOld = async () => {
    for (const name of await caches.keys()) {
      // Tickets stay: they have the files that their pages need.
      if (name !== SHELL && !name.startsWith(TICKETS)) await caches.delete(name);
    }
    await clients.claim();
  };
  event.waitUntil(dropOld());
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const isPage = request.mode === "navigate";
  if (isPage && request.method === "POST" && isLeaving(new URL(request.url).pathname)) {
    event.respondWith(answerLogOut(request));
  } else if (isPage && request.method === "GET") {
    event.respondWith(answerPage(event));
  } else if (isKeptFile(request)) {
    event.respondWith(answerFile(request));
  }
});

/* A page with tickets has these saved at once, and hears which are. */
const saveAndTell = async (page) => {
  await saveTickets();
  const { index } = (await savedTickets()) ?? {};
  const saved = (index?.tickets ?? []).map(({ reference, saved }) => [reference, saved]);
  page?.postMessage({ type: "tickets-saved", saved: Object.fromEntries(saved) });
};

addEventListener("message", (event) => {
  if (event.data?.type === "save-tickets") event.waitUntil(saveAndTell(event.source));
});
