/* The rules of saved tickets, without the browser's storage: tests/js/saved_tickets.test.js. */

/* A page, PDF or QR code of one ticket. */
export const isTicketAddress = (pathname) =>
  /^\/bookings\/BMV[0-9A-Z]{12}\/(ticket\.pdf|qr\.svg)?$/.test(pathname);

/* Where forms are sent by people who leave: log-out (also from the admin), the deletion of an
   account, and "This isn’t my device" of a guest. Static routes use these endings too. */
export const LEAVING = ["/logout/", "/profile/delete/", "/guest/forget/"];
export const isLeaving = (pathname) => LEAVING.some((ending) => pathname.endsWith(ending));

/* The tickets whose show is not over. Times are ISO 8601 texts or milliseconds. */
export const comingOnly = (tickets, now) =>
  tickets.filter(({ until }) => new Date(until).getTime() > now);

const REFRESH_MS = 5 * 60_000;
/* Whether to ask the site for changes. A clock that was set back counts as due. */
export const isDue = (checked, now) => !(checked <= now && now < checked + REFRESH_MS);

/* "Saved 10:12", in the time of the device; with the day, if it was not today. */
export const savedWords = (saved, now) => {
  const then = new Date(saved);
  const time = then.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  if (then.toDateString() === new Date(now).toDateString()) return `Saved ${time}`;
  const weekday = then.toLocaleDateString("en-GB", { weekday: "short" });
  const month = then.toLocaleDateString("en-GB", { month: "short" });
  return `Saved ${weekday} ${then.getDate()} ${month}, ${time}`;
};

/* The page with `content` between the comments <!--name--> and <!--/name-->. */
export const fill = (html, name, content) =>
  html.replace(new RegExp(`<!--${name}-->[\\s\\S]*?<!--/${name}-->`, "g"), () => content);

/* Each ticket's row of the list, with its time, the nearest show first. */
export const rowsOf = (tickets, now) =>
  comingOnly(tickets, now)
    .map(({ row, saved }) => fill(row, "saved", savedWords(saved, now)))
    .join("");

/* What the cache of tickets should have: the index, and all files of these tickets. */
export const wantedAddresses = (index, indexAddress) =>
  new Set([
    indexAddress,
    ...index.files,
    ...index.tickets.flatMap(({ page, files, poster }) => [page, ...files, poster]),
  ]);
