"""One request of a logged-in person, with the time it took."""

import time
from http.client import HTTPConnection
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from tests.faults.load import CSRF, PATIENCE_SECONDS
from tests.faults.site import Program


class Page(NamedTuple):
    status: int
    seconds: float
    retry_after: str | None
    text: str


def visit(
    site: Program, session: str, method: str = "GET", path: str = "/bookings/", **fields: str
) -> Page:
    """`fields` are those of a form."""
    connection = HTTPConnection(urlsplit(site.url).netloc, timeout=PATIENCE_SECONDS)
    headers = {"Cookie": f"sessionid={session}; csrftoken={CSRF}", "X-CSRFToken": CSRF}
    if fields:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    started = time.monotonic()
    try:
        connection.request(method, path, urlencode(fields) or None, headers)
        response = connection.getresponse()
        text = response.read().decode()
        seconds = time.monotonic() - started
        return Page(response.status, seconds, response.getheader("Retry-After"), text)
    finally:
        connection.close()
