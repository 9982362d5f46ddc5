/* The tickets that this browser keeps: one cache, of one person. Its name has the person's key. The
   pages say "no-store" to keep them out of caches that know nothing of log-outs; this one drops
   them (docs/decisions/0022-saved-tickets.md). */
import { comingOnly, isDue, wantedAddresses } from "./rules.js";

// The number changes with the form of the index.
export const TICKETS = "tickets-1-";
const INDEX = self.SITE.list;
// What the site says when the session of the browser was ended elsewhere.
const NOBODY = "nobody";
const MOST_BYTES = 2 ** 20;
// A save that hangs would hold up the next one.
const SAVE_MS = 60_000;

const personOf = (name) => name.slice(TICKETS.length);
const cacheName = async () => (await caches.keys()).find((name) => name.startsWith(TICKETS));

// Set while tickets are being saved, so that a log-out ends it.
let saving = null;
let dropped = Promise.resolve();

const deleteTickets = async (except) => {
  let found = false;
  for (const name of await caches.keys()) {
    if (!name.startsWith(TICKETS) || personOf(name) === except) continue;
    found = (await caches.delete(name)) || found;
  }
  return found;
};

const inTurn = (work) => {
  dropped = dropped.then(work, work);
  return dropped;
};

/* Drop all tickets, also those that are just being saved. */
export const dropTickets = () => {
  saving?.abort();
  return inTurn(() => deleteTickets(null));
};

/* Drop the tickets of everybody else. */
const dropOthers = (person) => inTurn(() => deleteTickets(person));

const openTickets = async () => {
  await dropped;
  const name = await cacheName();
  return name && { cache: await caches.open(name), person: personOf(name) };
};

const readIndex = async (cache) => (await cache.match(INDEX))?.json();

/* Put the index, and delete what it doesn't name. */
const writeIndex = async (cache, index) => {
  await cache.put(INDEX, new Response(JSON.stringify(index)));
  const wanted = wantedAddresses(index, INDEX);
  for (const { url } of await cache.keys()) {
    const { pathname, search } = new URL(url);
    if (!wanted.has(pathname + search)) await cache.delete(url);
  }
};

/* The saved tickets: `cache`, `person` and `index`. Shows that are over are dropped. */
export const savedTickets = async () => {
  const kept = await openTickets();
  const index = kept && (await readIndex(kept.cache));
  if (!index) return null;
  const coming = comingOnly(index.tickets, Date.now());
  const hasOver = coming.length < index.tickets.length;
  index.tickets = coming;
  // What is just being saved is not in this index yet, and comes with an index of its own.
  if (hasOver && !saving) await writeIndex(kept.cache, index);
  return { ...kept, index };
};

/* Only a plain answer of the site: no redirect to a log-in, no error. */
const fetchToSave = async (address, signal) => {
  const answer = await fetch(address, { signal, redirect: "error" });
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  const size = (await answer.clone().blob()).size;
  if (size > MOST_BYTES) throw new Error(`${address}: ${size} bytes`);
  return answer;
};

/* Fetch all of a ticket before any of it is put, so that its parts are of one time. */
const saveTicket = async (cache, ticket, person, signal) => {
  const [page, ...files] = await Promise.all(
    [ticket.copy, ...ticket.files].map((address) => fetchToSave(address, signal)),
  );
  if (page.headers.get("X-Person") !== person) throw new Error("the page is another person's");
  if (ticket.poster) await saveFile(cache, ticket.poster, signal).catch(() => {});
  await cache.put(ticket.page, page);
  await Promise.all(files.map((file, at) => cache.put(ticket.files[at], file)));
};

const saveFile = async (cache, address, signal) => {
  if (!(await cache.match(address))) await cache.put(address, await fetchToSave(address, signal));
};

/* The ticket as it is saved now. If it can't be saved, the earlier copy or nothing. */
const keepTicket = async (cache, ticket, { before, person, signal }) => {
  const now = Date.now();
  try {
    const isThere = before?.version === ticket.version && (await cache.match(ticket.page));
    if (!isThere) await saveTicket(cache, ticket, person, signal);
    return { ...ticket, saved: now };
  } catch (error) {
    signal.throwIfAborted();
    console.warn("A ticket was not saved.", error);
    return before;
  }
};

const saveAll = async (signal) => {
  const { person, list, files, tickets } = await (await fetchToSave(INDEX, signal)).json();
  if (!person) return;
  await dropOthers(person);
  signal.throwIfAborted();
  // Opened once: after a log-out, what is still put goes to a cache that nobody can find.
  const cache = await caches.open(TICKETS + person);
  const before = (await readIndex(cache))?.tickets ?? [];
  for (const file of files) await saveFile(cache, file, signal);
  const kept = [];
  for (const ticket of tickets) {
    const earlier = before.find(({ reference }) => reference === ticket.reference);
    kept.push(await keepTicket(cache, ticket, { before: earlier, person, signal }));
  }
  signal.throwIfAborted();
  const saved = kept.filter(Boolean);
  await writeIndex(cache, { checked: Date.now(), list, files, tickets: saved });
};

let lastSave = Promise.resolve();

/* Bring the saved tickets up to date, one call after the other. Errors leave the earlier copies. */
export const saveTickets = () => {
  const save = async () => {
    saving = new AbortController();
    const { signal } = saving;
    const timer = setTimeout(() => saving?.abort(), SAVE_MS);
    try {
      await saveAll(signal);
    } catch (error) {
      console.warn("The tickets were not saved.", error);
    } finally {
      clearTimeout(timer);
      saving = null;
    }
  };
  lastSave = lastSave.then(save);
  return lastSave;
};

/* After each page of the site: drop another person's tickets, and look for changes now and then. */
export const followPerson = async (answer) => {
  const person = answer.headers.get("X-Person");
  if (person === NOBODY) return dropTickets();
  if (person && (await dropOthers(person))) saving?.abort();
  const saved = await savedTickets();
  if (person && isDue(saved?.index.checked, Date.now())) await saveTickets();
  return undefined;
};
