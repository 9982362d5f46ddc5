/* "Tell me on this phone": the browser asks for its permission only when the button is pressed. */
import { afterPress } from "./press.js";
import { showToast } from "./site.js";

const FAILED = "That did not work. Please try again.";
const isSupported =
  "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

/* "off", "on", "denied" or "unsupported": which of the part's texts is shown. */
const show = (part, state) => {
  for (const text of part.querySelectorAll("[data-push-when]")) {
    text.hidden = text.dataset.pushWhen !== state;
  }
  part.hidden = false;
};

const stateOf = async (part) => {
  if (!isSupported) return "unsupported";
  if (Notification.permission === "denied") return "denied";
  if (!("pushOn" in part.dataset) || Notification.permission !== "granted") return "off";
  // The server's row may be older than the browser's own settings.
  const registration = await navigator.serviceWorker.getRegistration();
  return (await registration?.pushManager.getSubscription()) ? "on" : "off";
};

const bytesOf = (text) => {
  const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
};
const isMadeFor = (key, subscription) => {
  const own = new Uint8Array(subscription.options?.applicationServerKey ?? []);
  return own.length === key.length && own.every((byte, place) => byte === key[place]);
};

/* A browser that can't reach its push service may wait for ever, and so would the button. */
const PATIENCE = 15_000;
const inTime = (promise) =>
  Promise.race([
    promise,
    new Promise((_, refuse) => setTimeout(() => refuse(new Error("no answer")), PATIENCE)),
  ]);

/* The browser's subscription for this site's key. One for an earlier key receives nothing. */
const subscribe = async (key) => {
  const { pushManager } = await navigator.serviceWorker.ready;
  const known = await pushManager.getSubscription();
  if (known && isMadeFor(key, known)) return known;
  await known?.unsubscribe();
  return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
};

/* The server's words, for the visitor. Other errors are in the browser's words. */
class Refused extends Error {}

const send = async (form, subscription) => {
  const body = new FormData(form);
  const { endpoint, keys } = subscription.toJSON();
  body.set("endpoint", endpoint);
  body.set("p256dh", keys.p256dh);
  body.set("auth", keys.auth);
  const response = await fetch(form.action, { method: "POST", body });
  const text = await response.text();
  if (response.status === 422) throw new Refused(text);
  if (!response.ok) throw new Refused(FAILED);
  return new DOMParser().parseFromString(text, "text/html").querySelector("[data-push]");
};

const turnOn = async (part, form) => {
  const problem = part.querySelector("[data-push-problem]");
  problem.textContent = "";
  const permission = await Notification.requestPermission();
  if (permission !== "granted") return show(part, permission === "denied" ? "denied" : "off");
  try {
    const changed = await send(form, await inTime(subscribe(bytesOf(part.dataset.pushKey))));
    part.replaceWith(changed);
    begin(changed);
    show(changed, "on");
    changed.querySelector('[data-push-when="on"]').focus();
    showToast("We’ll tell you here.", null, "success");
  } catch (error) {
    problem.textContent = error instanceof Refused ? error.message : FAILED;
  }
};

const begin = (part) => {
  const form = part.querySelector('form[data-push-when="off"]');
  const button = form.querySelector("button");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    await turnOn(part, form);
    button.disabled = false;
  });
};

for (const part of document.querySelectorAll("[data-push]")) {
  begin(part);
  const state = await stateOf(part);
  afterPress(() => show(part, state));
}
