"""Simulates buyers who hold and confirm seats through the pages, and records all answers."""

import http.client
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

# Django only compares the cookie with the header, so any 32 letters are valid.
CSRF = "faultsfaultsfaultsfaultsfaultsfa"
# The timeout of a request. A working site answers sooner, even on a busy machine.
PATIENCE_SECONDS = 120.0
# The longest wait for a condition, also on a busy machine.
LONGEST_WAIT = 300.0
# A fault is over if all buyers are served and nothing has failed for this long.
CALM_SECONDS = 1.5
# gunicorn closes a connection that was idle for 15 s (`keepalive`). A POST on it would be lost.
IDLE_SECONDS = 5.0
BROKEN = 0


class Answer(NamedTuple):
    """The answer to one request, sent at `at` (time.monotonic). `what` names the request.

    `status` is BROKEN if the connection broke or no answer came.
    """

    at: float
    seconds: float
    what: str
    status: int
    location: str
    body: bytes


class Buyer:
    """The HTTP client of a logged-in person."""

    def __init__(self, url: str, session: str) -> None:
        self._host = urlsplit(url).netloc
        self._cookie = f"sessionid={session}; csrftoken={CSRF}"
        self._connection: http.client.HTTPConnection | None = None
        self._last = 0.0
        self.answers: list[Answer] = []
        self.confirmed: list[str] = []

    def get(self, what: str, path: str) -> Answer:
        return self._send("GET", what, path, None)

    def post(self, what: str, path: str, fields: Sequence[tuple[str, str]] = ()) -> Answer:
        return self._send("POST", what, path, urlencode(fields).encode())

    def hold(self, show: int, labels: Sequence[str], token: str = "") -> str:
        """The booking's reference, or "" if the hold was refused or the connection broke."""
        fields = [("seat", label) for label in labels]
        answer = self.post("hold", f"/shows/{show}/hold/", [*fields, ("token", token)])
        if answer.status != 302 or "/bookings/" not in answer.location:
            return ""
        return answer.location.rstrip("/").rpartition("/")[2]

    def confirm(self, reference: str) -> bool:
        """Confirm; returns whether the site then shows the booking as CONFIRMED."""
        self.post("confirm", f"/bookings/{reference}/confirm/")
        return self.see(reference) == "CONFIRMED"

    def see(self, reference: str) -> str:
        """The booking's status on the site, or "" if the answer is not a 200."""
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
            if self._connection is None or start > self._last + IDLE_SECONDS:
                self.close()
                self._connection = http.client.HTTPConnection(self._host, timeout=PATIENCE_SECONDS)
            self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
            content = response.read()
            location = response.headers.get("Location", "")
            answer = Answer(start, 0.0, what, response.status, location, content)
        except (OSError, http.client.HTTPException):
            self.close()
            # A short pause, as a person makes before the next try.
            time.sleep(0.05)
        self._last = time.monotonic()
        answer = answer._replace(seconds=self._last - start)
        self.answers.append(answer)
        return answer

    def close(self) -> None:
        """Close the connection. The next request opens another."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None


@dataclass
class Load:
    """The running buyers and their answers."""

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
        """5xx answers and broken connections before or after the fault, as text.

        With the `end` of `wait_until_well`, also the last connections that a dying worker closed
        are part of the fault. Browsers repeat such a request on a new connection.
        """
        late = [a for a in self.failures() if a.at + a.seconds < begin or a.at > end]
        return [f"{a.what} {a.status} {a.at - begin:+.2f} s" for a in late]

    def wait_until(self, true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + LONGEST_WAIT
        while not true():
            assert time.monotonic() < deadline, f"still not: {len(self.failures())} failures"
            time.sleep(0.05)

    def all_are_served_after(self, moment: float) -> bool:
        """Whether, after `moment`, each buyer got an answer below 500 and one saw its booking."""
        served = (
            any(a.at > moment and BROKEN < a.status < 500 for a in list(buyer.answers))
            for buyer in self.buyers
        )
        return all(served) and self.confirmed_after(moment) > 0

    def wait_until_all_are_served(self) -> None:
        now = time.monotonic()
        self.wait_until(lambda: self.all_are_served_after(now))

    def wait_until_well(self) -> float:
        """Wait until nothing has failed for CALM_SECONDS and all are served. Returns the time."""

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
    """The 90th percentile of the seconds. A busy machine may delay a few of the answers."""
    seconds = sorted(answer.seconds for answer in answers)
    return seconds[len(seconds) * 9 // 10]


def usual_limit(before: Sequence[Answer], seconds: float) -> float:
    """The limit for answers that should take as long as those `before` a fault.

    It is `seconds`, and more on a machine on which three times as long as before is more.
    """
    return max(seconds, 3 * nearly_longest(before))


def shop(buyer: Buyer, shows: Sequence[int], chance: random.Random, stop: threading.Event) -> None:
    """Hold and confirm two random adjacent seats, again and again, until `stop` is set."""
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
    """All buyers shop at the same time while the block runs."""
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
