"""Opens pages of one or several sites, one request at a time, and measures them."""

import http.client
import json
import statistics
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import redis
from prometheus_client.parser import text_string_to_metric_families

from bench.worlds import CSRF

TOKEN = "bench-metrics-token"
SETTINGS = {"METRICS_TOKEN": TOKEN, "WEB_CONCURRENCY": "1"}
#: How much of an export is read. After this much a browser shows the download.
START_BYTES = 16_384
QUERIES = "bookmyshow_database_seconds_count"


@dataclass(frozen=True)
class Page:
    """A request. `session`: the name of a log-in, or "". `form`: the body if it is a POST."""

    path: str
    session: str = ""
    form: str | None = None
    #: Read only the first START_BYTES of the answer.
    only_start: bool = False
    #: Empty the cache before each request.
    empty_cache: bool = False


@dataclass(frozen=True)
class PageTiming:
    """The result for a page: SQL statements, times in milliseconds, and bytes of the answer."""

    queries: int
    times: list[float]
    bytes: int

    @property
    def median(self) -> float:
        return statistics.median(self.times)


class Visitor:
    """Sends requests to one site like a browser, each on a new connection."""

    def __init__(self, url: str, sessions: dict[str, str], cache: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        self._sessions = sessions
        self._cache = redis.Redis.from_url(cache)

    def open(self, page: Page) -> tuple[float, int]:
        """Return milliseconds and received bytes. Raises RuntimeError if the status is not 200."""
        cookie = f"csrftoken={CSRF}"
        if page.session:
            cookie += f"; sessionid={self._sessions[page.session]}"
        headers = {"Cookie": cookie, "X-CSRFToken": CSRF}
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        method = "GET" if page.form is None else "POST"
        if page.empty_cache:
            self._cache.flushdb()
        # A new connection, because the site closes idle ones while the other site is measured.
        self._connection.close()
        self._connection.connect()
        started = time.perf_counter()
        self._connection.request(method, page.path, body=page.form, headers=headers)
        response = self._connection.getresponse()
        body = response.read(START_BYTES if page.only_start else None)
        took = (time.perf_counter() - started) * 1000
        if response.status != http.client.OK:
            raise RuntimeError(f"{page.path} answered {response.status}: {body[:300]!r}")
        return took, len(body)

    def queries_of(self, page: Page) -> int:
        """The number of SQL statements for a page, from the site's metrics.

        Reading the metrics runs statements too. Their number (`idle`) is measured and subtracted.
        """
        self._statements()
        idle = -self._statements() + self._statements()
        before = self._statements()
        self.open(page)
        return self._statements() - before - idle

    def _statements(self) -> int:
        self._connection.close()
        self._connection.request("GET", "/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        text = self._connection.getresponse().read().decode()
        families = text_string_to_metric_families(text)
        return sum(
            int(sample.value) for f in families for sample in f.samples if sample.name == QUERIES
        )


def alternate(
    visitors: dict[str, Visitor], pages: dict[str, Page], rounds: int
) -> dict[str, PageTiming]:
    """Open a page `rounds` times on each site in turn, after two rounds that are not counted."""
    times: dict[str, list[float]] = {name: [] for name in visitors}
    size: dict[str, int] = {}
    for turn in range(rounds + 2):
        for name, visitor in visitors.items():
            took, size[name] = visitor.open(pages[name])
            if turn > 1:
                times[name].append(took)
    return {
        name: PageTiming(visitor.queries_of(pages[name]), times[name], size[name])
        for name, visitor in visitors.items()
    }


def read_pages(text: str) -> tuple[dict[str, Page], dict[str, str]]:
    """Parse the output of bench.pages: pages by name, and session keys by name."""
    found: dict[str, Any] = json.loads(text)
    pages = {name: Page(**page) for name, page in found["pages"].items()}
    return pages, found["sessions"]
