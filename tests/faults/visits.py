"""One request of a logged-in person, with the time it took."""

import time
from http.client import HTTPConnection
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.faults.load import CSRF
from tests.faults.site import Program


class Page(NamedTuple):
    status: int
    seconds: float
    retry_after: str | None
    text: str


def visit(site: Program, session: str, method: str = "GET", path: str = "/bookings/") -> Page:
    connection = HTTPConnection(urlsplit(site.url).netloc, timeout=120)
    headers = {"Cookie": f"sessionid={session}; csrftoken={CSRF}", "X-CSRFToken": CSRF}
    started = time.monotonic()
    try:
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        text = response.read().decode()
        seconds = time.monotonic() - started
        return Page(response.status, seconds, response.getheader("Retry-After"), text)
    finally:
        connection.close()
