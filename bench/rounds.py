"""The pages of a site that staff and customers open, one request at a time."""

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
#: Of a long answer (an export), what a browser shows a download by.
STARTED = 16_384
QUERIES = "bookmyshow_database_seconds_count"


@dataclass(frozen=True)
class Page:
    """A request: whose (a session's name, or empty), and a form's fields where it is a POST."""

    path: str
    who: str = ""
    form: str | None = None
    #: Only the beginning of the answer is waited for.
    begins: bool = False
    #: Opened with an empty cache, as by the first one after it was dropped.
    cold: bool = False


@dataclass(frozen=True)
class Shown:
    """How a page did: SQL statements, and the median of its times in milliseconds."""

    queries: int
    times: list[float]
    bytes: int

    @property
    def median(self) -> float:
        return statistics.median(self.times)


class Visitor:
    """One browser at one site, with a connection of its own for each page."""

    def __init__(self, url: str, sessions: dict[str, str], cache: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        self._sessions = sessions
        self._cache = redis.Redis.from_url(cache)

    def open(self, page: Page) -> tuple[float, int]:
        """Milliseconds, and the bytes that came. Raises RuntimeError for anything but 200."""
        cookie = f"csrftoken={CSRF}"
        if page.who:
            cookie += f"; sessionid={self._sessions[page.who]}"
        headers = {"Cookie": cookie, "X-CSRFToken": CSRF}
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        method = "GET" if page.form is None else "POST"
        if page.cold:
            self._cache.flushdb()
        # The site closes what was idle for long while the other one was slow.
        self._connection.close()
        self._connection.connect()
        started = time.perf_counter()
        self._connection.request(method, page.path, body=page.form, headers=headers)
        response = self._connection.getresponse()
        body = response.read(STARTED if page.begins else None)
        took = (time.perf_counter() - started) * 1000
        if response.status != http.client.OK:
            raise RuntimeError(f"{page.path} answered {response.status}: {body[:300]!r}")
        return took, len(body)

    def queries_of(self, page: Page) -> int:
        """The SQL statements that a page sends, by the site's own metrics."""
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
) -> dict[str, Shown]:
    """One page at several sites, taking turns; the first two of each are not counted."""
    times: dict[str, list[float]] = {name: [] for name in visitors}
    size: dict[str, int] = {}
    for turn in range(rounds + 2):
        for name, visitor in visitors.items():
            took, size[name] = visitor.open(pages[name])
            if turn > 1:
                times[name].append(took)
    return {
        name: Shown(visitor.queries_of(pages[name]), times[name], size[name])
        for name, visitor in visitors.items()
    }


def read_pages(text: str) -> tuple[dict[str, Page], dict[str, str]]:
    """What bench.pages printed."""
    found: dict[str, Any] = json.loads(text)
    pages = {name: Page(**page) for name, page in found["pages"].items()}
    return pages, found["sessions"]
