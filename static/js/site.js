/* What every page shares: the theme switch, menus, messages, and the words for failed requests. */
import { afterPress } from "./press.js";

const root = document.documentElement;

/* Theme. The server reads the same cookie, so a page never arrives in the wrong colours. */
const savedTheme = () => document.cookie.match(/(?:^|; )theme=(dark|light)/)?.[1];
const showSavedTheme = () => {
  const theme = savedTheme();
  if (theme) root.dataset.theme = theme;
};
const switchTheme = () => {
  const dark =
    getComputedStyle(root).colorScheme === "dark" ||
    (!root.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  const theme = dark ? "light" : "dark";
  root.dataset.theme = theme;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing in some browsers
  document.cookie = `theme=${theme}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  for (const meta of document.querySelectorAll('meta[name="theme-color"]')) {
    meta.content = theme === "dark" ? "#0e0b12" : "#fbf8f5";
  }
};
showSavedTheme();
// A page that the browser kept for Back may be older than the last switch.
addEventListener("pageshow", (event) => event.persisted && showSavedTheme());

/* Toast: one line at the foot of the page, with "Try again" where that makes sense. */
const toast = document.getElementById("toast");
let retry = null;
let hiding = 0;
// The request that the server refused, if the toast is about one.
let refused = null;
export const hideToast = () =>
  afterPress(() => {
    if (toast) toast.hidden = true;
  });
/* again: what "Try again" does. kind: which sign and colours, as in components.css. */
export const showToast = (text, again = null, kind = "warning") => {
  if (!toast) return;
  refused = null;
  retry = again;
  clearTimeout(hiding);
  // Good news goes away by itself.
  if (kind === "success") hiding = setTimeout(hideToast, 4000);
  afterPress(() => fillToast(text, again, kind));
};
const fillToast = (text, again, kind) => {
  toast.querySelector("[data-toast-retry]").hidden = !again;
  const words = toast.querySelector("[data-toast-text]");
  // Screen readers would read the same words again at each poll that fails.
  if (!toast.hidden && words.textContent === text) return;
  toast.className = `toast message message--${kind}`;
  const sign = toast.querySelector("use");
  sign.setAttribute("href", sign.getAttribute("href").replace(/#.*/, `#${kind}`));
  words.textContent = text;
  toast.hidden = false;
};

const closeMenus = (except = null) => {
  for (const menu of document.querySelectorAll("[data-menu][open]")) {
    if (menu !== except) menu.open = false;
  }
};

const reveal = (button) => {
  const field = document.getElementById(button.dataset.reveal);
  const shown = field.type === "password";
  field.type = shown ? "text" : "password";
  button.setAttribute("aria-pressed", String(shown));
  button.firstChild.data = shown ? "Hide" : "Show";
};

const CONTROLS =
  "[data-theme-switch], [data-dismiss], [data-toast-retry], [data-toast-close], [data-reveal]";
document.addEventListener("click", (event) => {
  const target = event.target.closest(CONTROLS);
  closeMenus(event.target.closest("[data-menu]"));
  if (!target) return;
  if (target.matches("[data-theme-switch]")) switchTheme();
  if (target.matches("[data-dismiss]")) target.closest("[data-message]")?.remove();
  if (target.matches("[data-reveal]")) reveal(target);
  if (target.matches("[data-toast-retry]")) {
    hideToast();
    retry?.();
  }
  if (target.matches("[data-toast-close]")) hideToast();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.querySelector("[data-menu][open]");
  closeMenus();
  open?.querySelector("summary").focus();
});

/* A form is posted once, even if its button is pressed twice. Back makes it usable again. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || form.hasAttribute("hx-post") || event.defaultPrevented) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "true";
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

/* The server checks a field when the visitor leaves it, and its words are shown beside it. A visitor who
   leaves it by pressing a button still presses it when the answer comes. */
const checkField = async ({ target }) => {
  const address = target.form?.dataset.checkUrl;
  const place = address && document.getElementById(`${target.id}_error`);
  if (!place || !target.value) return;
  try {
    const body = new FormData(target.form);
    const response = await fetch(`${address}${target.name}/`, { method: "POST", body });
    if (!response.ok) return;
    const answer = new DOMParser().parseFromString(await response.text(), "text/html");
    await new Promise(afterPress);
    place.replaceChildren(...answer.body.firstElementChild.childNodes);
    target.setAttribute("aria-invalid", String(place.textContent !== ""));
  } catch {
    // Ignored: the server checks the field again when the form is sent.
  }
};
document.addEventListener("change", checkField);

/* Requests that fail: htmx's events bubble to the document. */
const WORDS = {
  400: "Invalid request. Please try again.",
  401: "Please log in.",
  403: "That isn’t yours to open.",
  404: "Page not found.",
  429: "That was a little fast. Wait a moment, then try again.",
};
const resend = (detail) => {
  const { verb, path } = detail.requestConfig;
  return () => window.htmx.ajax(verb, path, { source: detail.elt, target: detail.target });
};
// The text of the site's own 503 answer: only the server knows how far the request got.
const ownWords = ({ status, responseText }) =>
  status === 503
    ? new DOMParser().parseFromString(responseText, "text/html").querySelector("[data-toast-words]")
        ?.textContent
    : undefined;
const requestOf = ({ requestConfig }) => `${requestConfig.verb} ${requestConfig.path}`;
const BROKEN = "Something went wrong on this page. Please reload it.";
document.addEventListener("htmx:sendError", ({ detail }) =>
  showToast("Connection failed. Please check your internet.", resend(detail)),
);
document.addEventListener("htmx:timeout", ({ detail }) =>
  showToast("That took too long. Please try again.", resend(detail)),
);
document.addEventListener("htmx:responseError", ({ detail }) => {
  showToast(
    ownWords(detail.xhr) ?? WORDS[detail.xhr.status] ?? "Server error. Please try again later.",
  );
  refused = requestOf(detail);
});
for (const failure of ["htmx:swapError", "htmx:onLoadError"]) {
  document.addEventListener(failure, () => showToast(BROKEN, () => location.reload()));
}
// The site refuses with a fragment. A whole page comes from a proxy and is not swapped in.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.xhr.status < 400 || !/^\s*<(!doctype|html)/i.test(detail.serverResponse)) return;
  detail.shouldSwap = false;
  detail.isError = true;
});
// htmx sends this after failures too. Any answer ends a message about the connection. A message
// about a refused request ends with an answer to the same request.
document.addEventListener("htmx:afterOnLoad", ({ detail }) => {
  if (!detail.failed && (!refused || refused === requestOf(detail))) hideToast();
});
addEventListener("offline", () =>
  showToast("Connection failed. Please check your internet.", () => location.reload()),
);
addEventListener("online", () => {
  hideToast();
  if (cutOff) location.reload();
});

/* The offline page asks at growing intervals whether the site answers, and then reloads. */
const cutOff = document.querySelector("[data-reload]");
const lookAgain = (wait) =>
  setTimeout(async () => {
    const answer = await fetch("/api/health", { cache: "no-store" }).catch(() => null);
    if (answer?.ok) return location.reload();
    return lookAgain(Math.min(wait * 1.5, 30000));
  }, wait);
if (cutOff) lookAgain(2000);

/* View transition: the pressed poster moves to its place on the film page. */
const movePoster = (event) => {
  if (!event.viewTransition) return;
  // A transition that the browser gives up is not an error of the page.
  const { ready, updateCallbackDone, finished } = event.viewTransition;
  for (const promise of [ready, updateCallbackDone]) promise.catch(() => {});
  const left = finished.catch(() => {});
  if (!event.activation?.entry?.url) return;
  const { pathname, search } = new URL(event.activation.entry.url);
  const poster = document.querySelector(`a[href="${CSS.escape(pathname + search)}"] .poster`);
  if (!poster) return;
  poster.style.viewTransitionName = "poster";
  left.finally(() => {
    poster.style.viewTransitionName = "";
  });
};
addEventListener("pageswap", movePoster);

/* Without a connection the service worker shows saved tickets and the site's own offline page. */
if ("serviceWorker" in navigator) {
  addEventListener("load", () => navigator.serviceWorker.register("/sw.js").catch(() => {}));
}
