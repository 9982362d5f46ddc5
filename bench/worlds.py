"""Builds the requests of the benchmark. A request for a hold can be used only once."""

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
# Django only checks that the cookie and the header are equal, so both can be any 32 letters.
CSRF = "benchbenchbenchbenchbenchbenchbe"


@dataclass
class Holds:
    """Requests for holds of two free seats. Each request is used once.

    `seats` is the number of seats of each show. The first `first` of them are left out.
    """

    people: World
    shows: list[int]
    seats: int
    first: int = 0
    api: bool = False
    _pairs: Iterator[tuple[int, int, list[str]]] = field(init=False)
    _unused: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._pairs = pairs(self.shows, self.seats, first=self.first)

    def take(self, count: int) -> list[bytes]:
        """Return the next requests. Call `used` afterwards, or the next call returns them again."""
        missing = count - len(self._unused)
        self._unused += [self._request(*pair) for pair in islice(self._pairs, max(missing, 0))]
        return self._unused[:count]

    def used(self, result: Result) -> None:
        """Remove the requests that were sent in this load."""
        del self._unused[: result.used]

    def _request(self, person: int, show: int, labels: list[str]) -> bytes:
        if self.api:
            return api_hold(self.people.tokens[person], show, labels)
        fields = [("seat", label) for label in labels] + [("token", f"{person}-{show}")]
        return post(self.people.sessions[person], f"/shows/{show}/hold/", urlencode(fields))


def post(session: str, path: str, body: str = "") -> bytes:
    """A POST request of a user who is logged in, with a CSRF token."""
    return client.post(
        path, body, Cookie=f"sessionid={session}; csrftoken={CSRF}", X_CSRFToken=CSRF
    )


def api_hold(token: str, show: int, labels: list[str]) -> bytes:
    body = json.dumps({"showId": show, "seats": [{"seatNumber": label} for label in labels]})
    return client.post(
        "/api/bookings", body, Authorization=f"Bearer {token}", Content_Type="application/json"
    )


def polls(url: str, shows: list[int], *, stale: bool = False) -> list[bytes]:
    """One poll for each show's map, with its current version, or with an old one if `stale`."""
    return [
        client.get(
            f"/shows/{show}/seats/?v={'stale' if stale else version(url, show)}", HX_Request="true"
        )
        for show in shows
    ]


def version(url: str, show: int) -> str:
    """The current version of a show's map, read from the map."""
    with urllib.request.urlopen(f"{url}/shows/{show}/seats/") as response:
        found = VERSION.search(response.read())
    assert found is not None
    return found[1].decode()


def confirms(people: World, pending: list[tuple[str, int, int]]) -> list[bytes]:
    """Requests to confirm the `pending` holds, given as (reference, user's id, show's id)."""
    session_of = dict(zip(people.people, people.sessions, strict=True))
    return [
        # As the page does it, the form says the show.
        post(session_of[user], f"/bookings/{reference}/confirm/", f"show={show}")
        for reference, user, show in pending
    ]
