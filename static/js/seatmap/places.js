/* Which pages of this browser have a stream. With HTTP/1.1 a browser has six connections to a host,
   for all of its windows together, and streams must leave some to the pages. So three pages have one;
   the others poll, and wait until a place is free. */
const PLACES = ["stream-1", "stream-2", "stream-3"];

let last = Promise.resolve();

const ask = async (signal, use) => {
  if (signal.aborted) return;
  // Ends when there is a place: then the page doesn't wait for the other places any more.
  const search = new AbortController();
  const given = new Promise((back) => signal.addEventListener("abort", back));
  given.then(() => search.abort());
  const keep = () => {
    if (search.signal.aborted) return;
    search.abort();
    use();
    return given;
  };
  const wait = (name) => navigator.locks.request(name, { signal: search.signal }, keep);
  await Promise.allSettled(PLACES.map(wait));
};

/* Calls `use` when this page has a place, which it keeps until the signal aborts. One call after the
   other: the next begins when the earlier place has been given back. Browsers have no locks on pages
   without HTTPS; there each page has a stream. */
export const withPlace = (signal, use) => {
  if (!navigator.locks) return use();
  last = last.then(() => ask(signal, use));
};
