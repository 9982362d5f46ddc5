"""Buyers who hold and confirm seats through the website's pages, and note what they are told."""

import http.client
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

# Django compares the cookie with the header; any 32 letters will do for both.
CSRF = "faultsfaultsfaultsfaultsfaultsfa"
# Nothing that works takes as long; what does is a fault.
PATIENCE_SECONDS = 60.0
# Whatever the buyers are waited for to be told, they are told by then, however busy the machine is.
LONGEST_WAIT = 120.0
# Nothing that fails for so long, while all are served, is over.
CALM_SECONDS = 1.5
BROKEN = 0


class Answer(NamedTuple):
    """What one request got: BROKEN where the connection broke or nothing came."""

    at: float
    seconds: float
    what: str
    status: int
    location: str
    body: bytes


class Buyer:
    """A logged-in person's browser, without the pictures."""

    def __init__(self, url: str, session: str) -> None:
        self._host = urlsplit(url).netloc
        self._cookie = f"sessionid={session}; csrftoken={CSRF}"
        self._connection: http.client.HTTPConnection | None = None
        self.answers: list[Answer] = []
        self.confirmed: list[str] = []

    def get(self, what: str, path: str) -> Answer:
        return self._send("GET", what, path, None)

    def post(self, what: str, path: str, fields: Sequence[tuple[str, str]] = ()) -> Answer:
        return self._send("POST", what, path, urlencode(fields).encode())

    def hold(self, show: int, labels: Sequence[str], token: str = "") -> str:
        """The booking's reference, or "" where it was refused or broke."""
        fields = [("seat", label) for label in labels]
        answer = self.post("hold", f"/shows/{show}/hold/", [*fields, ("token", token)])
        if answer.status != 302 or "/bookings/" not in answer.location:
            return ""
        return answer.location.rstrip("/").rpartition("/")[2]

    def confirm(self, reference: str) -> bool:
        """Whether this person was shown that the booking is theirs for good."""
        self.post("confirm", f"/bookings/{reference}/confirm/")
        return self.see(reference) == "CONFIRMED"

    def see(self, reference: str) -> str:
        """The booking's status as its page says, "" where it can't be had."""
        answer = self.get("booking", f"/bookings/{reference}/clock/")
        if answer.status != 200:
            return ""
        status = answer.body.partition(b'"status": "')[2].partition(b'"')[0].decode()
        if status == "CONFIRMED":
            self.confirmed.append(reference)
        return status

    def _send(self, method: str, what: str, path: str, body: bytes | None) -> Answer:
        start = time.monotonic()
        headers = {"Cookie": self._cookie, "X-CSRFToken": CSRF}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        answer = Answer(start, 0.0, what, BROKEN, "", b"")
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection(self._host, timeout=PATIENCE_SECONDS)
            self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
            content = response.read()
            location = response.headers.get("Location", "")
            answer = Answer(start, 0.0, what, response.status, location, content)
        except (OSError, http.client.HTTPException):
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            # A browser's user takes a moment too.
            time.sleep(0.05)
        answer = answer._replace(seconds=time.monotonic() - start)
        self.answers.append(answer)
        return answer


@dataclass
class Load:
    """What all buyers were told, once it is over."""

    buyers: list[Buyer]
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def answers(self) -> list[Answer]:
        return sorted(answer for buyer in self.buyers for answer in list(buyer.answers))

    @property
    def confirmed(self) -> list[str]:
        return [reference for buyer in self.buyers for reference in list(buyer.confirmed)]

    def failures(self) -> list[Answer]:
        return [a for a in self.answers if a.status == BROKEN or a.status >= 500]

    def failures_outside(self, begin: float, end: float) -> list[str]:
        """5xx and broken connections of requests that lie outside the fault's own window.

        A keep-alive connection that a dying worker closed counts as the fault's, whenever its owner
        finds out: browsers repeat such a request on a new connection by themselves.
        """
        late = [a for a in self.failures() if a.at + a.seconds < begin or a.at > end]
        return [f"{a.what} {a.status} {a.at - begin:+.2f} s" for a in late]

    def wait_until(self, true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + LONGEST_WAIT
        while not true():
            assert time.monotonic() < deadline, f"still not: {len(self.failures())} failures"
            time.sleep(0.05)

    def all_are_served_after(self, moment: float) -> bool:
        """Whether each buyer has asked since and was answered, and somebody has bought."""
        served = (
            any(a.at > moment and BROKEN < a.status < 500 for a in list(buyer.answers))
            for buyer in self.buyers
        )
        return all(served) and self.confirmed_after(moment) > 0

    def wait_until_all_are_served(self) -> None:
        now = time.monotonic()
        self.wait_until(lambda: self.all_are_served_after(now))

    def wait_until_well(self) -> float:
        """When the site has got over a fault: since a while nothing fails, and all are served."""

        def is_well() -> bool:
            last = max((a.at + a.seconds for a in self.failures()), default=began)
            calm = time.monotonic() - max(last, began) >= CALM_SECONDS
            return calm and self.all_are_served_after(last)

        began = time.monotonic()
        self.wait_until(is_well)
        return time.monotonic()

    def confirmed_after(self, moment: float) -> int:
        return sum(a.what == "booking" and a.at > moment and a.status == 200 for a in self.answers)


def nearly_longest(answers: Sequence[Answer]) -> float:
    """What nine of ten took at most: a busy machine may keep a few waiting."""
    seconds = sorted(answer.seconds for answer in answers)
    return seconds[len(seconds) * 9 // 10]


def shop(buyer: Buyer, shows: Sequence[int], chance: random.Random, stop: threading.Event) -> None:
    """Hold two seats side by side somewhere, confirm them, begin again."""
    while not stop.is_set():
        row, number = chance.randint(1, 20), chance.randint(1, 19)
        labels = [f"R{row}-{number}", f"R{row}-{number + 1}"]
        reference = buyer.hold(chance.choice(shows), labels)
        if reference:
            buyer.confirm(reference)
        else:
            time.sleep(0.01)


@contextmanager
def load(url: str, sessions: Sequence[str], shows: Sequence[int]) -> Iterator[Load]:
    """Every session's owner shops at once, until the end of the block."""
    seed = random.randrange(10_000)
    print(f"load seed {seed}")
    running = Load([Buyer(url, session) for session in sessions])
    threads = [
        threading.Thread(
            target=shop, args=(buyer, shows, random.Random(seed + number), running.stop)
        )
        for number, buyer in enumerate(running.buyers)
    ]
    for thread in threads:
        thread.start()
    try:
        yield running
    finally:
        running.stop.set()
        for thread in threads:
            thread.join()
