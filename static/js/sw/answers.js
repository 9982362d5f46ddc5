/* What the service worker answers: pages from the network, and without a connection the site's own
   offline page. Seat maps and other pages are never kept, so that nobody sees old ones. */

const { kept } = self.SITE;
const [OFFLINE_PAGE] = kept;

// Whether the last page couldn't be fetched. Then the offline page's files come from the cache too.
// navigator.onLine doesn't help: it is true if only the site can't be reached.
let isCut = false;

export const answerPage = async (request) => {
  try {
    const answer = await fetch(request);
    isCut = false;
    return answer;
  } catch {
    isCut = true;
    return caches.match(OFFLINE_PAGE);
  }
};

/* Whether a file of a page must come from the cache. */
export const isKeptFile = (request) => isCut && kept.includes(new URL(request.url).pathname);

export const answerFile = (request) => caches.match(new URL(request.url).pathname);
