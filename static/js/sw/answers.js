/* What the service worker answers. Pages come from the network. Without one, a ticket that is saved
   is shown as it was saved, and any other page as the site's own offline page with the list of
   saved tickets. Seat maps and other pages are never kept, so that nobody sees old ones. */
import { comingOnly, fill, isTicketAddress, rowsOf, savedWords } from "./rules.js";
import { dropTickets, followPerson, savedTickets } from "./tickets.js";

const { pages } = self.SITE;
// A network that is there but does not answer: a full hall, a thick wall.
const PATIENCE_MS = 4000;

// What is kept fits any request for its address, whatever its `Vary` says.
const ANY_HEADERS = { ignoreVary: true };

// Whether the last page couldn't be fetched. Then the files of pages come from the caches.
// navigator.onLine doesn't help: it is true if only the site can't be reached.
let isCut = false;

const withHtml = (answer, html) => {
  const headers = new Headers(answer.headers);
  for (const name of ["Content-Encoding", "Content-Length"]) headers.delete(name);
  return new Response(html, { headers });
};

/* A saved ticket's page, PDF or QR code, or null. */
const savedCopy = async (pathname) => {
  const { cache, index } = (await savedTickets()) ?? {};
  const ticket = comingOnly(index?.tickets ?? [], Date.now()).find(
    ({ page, files }) => page === pathname || files.includes(pathname),
  );
  const copy = ticket && (await cache.match(pathname, ANY_HEADERS));
  if (!copy || ticket.page !== pathname) return copy ?? null;
  const words = savedWords(ticket.saved, Date.now());
  return withHtml(copy, fill(await copy.text(), "saved", words));
};

const offlinePage = async (pathname) => {
  if (pathname.startsWith("/door/")) return caches.match(pages.door);
  const page = await caches.match(pages.offline);
  const { index } = (await savedTickets()) ?? {};
  const rows = rowsOf(index?.tickets ?? [], Date.now());
  if (!rows) return page;
  return withHtml(page, fill(await page.text(), "page", fill(index.list, "rows", rows)));
};

const none = () => null;
const inTime = (network) =>
  Promise.race([network.catch(none), new Promise((done) => setTimeout(done, PATIENCE_MS, null))]);

export const answerPage = async (event) => {
  const { pathname } = new URL(event.request.url);
  const network = fetch(event.request);
  event.waitUntil(network.then(followPerson).catch(none));
  const isTicket = isTicketAddress(pathname);
  // A ticket is wanted at the door: neither a slow network nor an error of the site may hide it.
  const answer = await (isTicket ? inTime(network) : network.catch(none));
  if (answer && !(isTicket && answer.status >= 500)) {
    isCut = false;
    return answer;
  }
  isCut = true;
  const copy = isTicket ? await savedCopy(pathname) : null;
  return copy ?? network.catch(() => offlinePage(pathname));
};

/* Whether a file of a page must come from the caches. */
export const isKeptFile = ({ method, url }) =>
  isCut && method === "GET" && new URL(url).origin === location.origin;

export const answerFile = async (request) =>
  (await caches.match(request.url, ANY_HEADERS)) ?? fetch(request);

/* The tickets go even if the network is gone, and the answer never comes. */
export const answerLogOut = async (request) => {
  await dropTickets();
  return fetch(request).catch(() => caches.match(pages.logOut));
};
