/* Pages with tickets: the service worker saves them for places without a network, and the page says
   which are saved. */
import { afterPress } from "./press.js";
import { savedWords } from "./sw/rules.js";

/* Storage that the browser does not empty by itself. Firefox would ask the person: not now. */
const keepStorage = async () => {
  const { storage, permissions } = navigator;
  if (!storage?.persist || (await storage.persisted())) return;
  // Browsers that never ask don't know this permission (Safari), or decide by themselves (Chromium).
  const status = await permissions.query({ name: "persistent-storage" }).catch(() => null);
  if (!status || status.state === "granted" || navigator.userAgentData) await storage.persist();
};

const countWords = (count) =>
  count === 1
    ? "One ticket is saved on this device. It opens without a network."
    : `${count} tickets are saved on this device. They open without a network.`;

const showSaved = (tickets) => {
  for (const note of document.querySelectorAll("[data-saved]")) {
    const saved = tickets[note.dataset.saved];
    note.querySelector("[data-saved-yes]").hidden = !saved;
    note.querySelector("[data-saved-no]").hidden = Boolean(saved);
    if (saved) note.querySelector("time").textContent = savedWords(saved, Date.now());
    note.hidden = false;
  }
  const count = Object.keys(tickets).length;
  const summary = document.querySelector("[data-saved-count]");
  if (summary) {
    summary.querySelector("span").textContent = countWords(count);
    summary.hidden = !count;
  }
  if (count) keepStorage().catch(() => {});
};

if ("serviceWorker" in navigator) {
  navigator.serviceWorker.addEventListener("message", ({ data }) => {
    if (data?.type === "tickets-saved") afterPress(() => showSaved(data.saved));
  });
  navigator.serviceWorker.startMessages();
  navigator.serviceWorker.ready.then(({ active }) => active.postMessage({ type: "save-tickets" }));
}
