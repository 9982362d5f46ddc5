"""What is measured: databases, the shows in them, and requests that are each good for one use."""

import json
import re
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from urllib.parse import urlencode

from bench import client
from bench.client import Result
from bench.data import World, pairs

VERSION = re.compile(rb'id="map-version" name="v" value="([^"]+)"')
# Django compares the cookie with the header; any 32 letters will do for both.
CSRF = "benchbenchbenchbenchbenchbenchbe"


@dataclass
class Holds:
    """Requests for free pairs of seats, none of them given out twice."""

    people: World
    shows: list[int]
    seats: int
    first: int = 0
    api: bool = False
    _pairs: Iterator[tuple[int, int, list[str]]] = field(init=False)
    _kept: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._pairs = pairs(self.shows, self.seats, first=self.first)

    def take(self, count: int) -> list[bytes]:
        """The next requests; those that turn out unused are to be given back."""
        missing = count - len(self._kept)
        self._kept += [self._request(*pair) for pair in islice(self._pairs, max(missing, 0))]
        return self._kept[:count]

    def used(self, result: Result) -> None:
        del self._kept[: result.used]

    def _request(self, person: int, show: int, labels: list[str]) -> bytes:
        if self.api:
            return api_hold(self.people.tokens[person], show, labels)
        fields = [("seat", label) for label in labels] + [("token", f"{person}-{show}")]
        return post(self.people.sessions[person], f"/shows/{show}/hold/", urlencode(fields))


def post(session: str, path: str, body: str = "") -> bytes:
    """A form's request of someone who is logged in, with the CSRF token that it has."""
    return client.post(
        path, body, Cookie=f"sessionid={session}; csrftoken={CSRF}", X_CSRFToken=CSRF
    )


def api_hold(token: str, show: int, labels: list[str]) -> bytes:
    body = json.dumps({"showId": show, "seats": [{"seatNumber": label} for label in labels]})
    return client.post(
        "/api/bookings", body, Authorization=f"Bearer {token}", Content_Type="application/json"
    )


def polls(url: str, shows: list[int], *, stale: bool = False) -> list[bytes]:
    """Polls of open maps, with the version that each has now or with one of yesterday."""
    return [
        client.get(
            f"/shows/{show}/seats/?v={'stale' if stale else version(url, show)}", HX_Request="true"
        )
        for show in shows
    ]


def version(url: str, show: int) -> str:
    """The version that a show's map has, from the map itself."""
    with urllib.request.urlopen(f"{url}/shows/{show}/seats/") as response:
        found = VERSION.search(response.read())
    assert found is not None
    return found[1].decode()


def confirms(people: World, pending: list[tuple[str, int]]) -> list[bytes]:
    """Confirmations of (reference, user's id)."""
    session_of = dict(zip(people.people, people.sessions, strict=True))
    return [
        post(session_of[user], f"/bookings/{reference}/confirm/") for reference, user in pending
    ]
