"""Many open seat maps in one process: ``python -m bench.crowd URL COUNT VERSIONS``.

VERSIONS is a JSON object of show ids and the versions that their pages show. The process opens
COUNT streams, spread over these shows, from the addresses 127.0.0.2, 127.0.0.3 … because one
address has only some 28,000 ports. A stream that ended is opened again as the page does it
(static/js/seatmap/live.js): with the version that is shown, after a pause that differs and grows.
It is cheap: one thread with epoll, some 4 µs of a processor for an event, so that the figures are
those of the server.

Commands come as lines on stdin, each answered by a line of JSON: ``state``, or ``report FILE``,
which also writes all events since the last report. The process ends with its stdin, or after
MOST_SECONDS.
"""

import heapq
import json
import random
import resource
import select
import socket
import sys
import time
from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

STREAMS_OF_ADDRESS = 2_500
OPENED_AT_ONCE = 100
MOST_SECONDS = 900.0
#: The page's pauses.
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 30.0
#: Linux: the kernel chooses the port when it connects, so one port can serve several targets.
IP_BIND_ADDRESS_NO_PORT = 24
REQUEST = (
    "GET /live/shows/{show}/seats/?v={version} HTTP/1.1\r\nHost: {host}\r\n"
    "Accept: text/event-stream\r\nAccept-Encoding: gzip, deflate, br\r\nAccept-Language: en-GB\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0\r\n"
    "Origin: http://localhost:8000\r\nReferer: http://localhost:8000/\r\n"
    "Cache-Control: no-cache\r\n\r\n"
)


@dataclass(slots=True)
class Stream:
    """One open seat map: its show, the version that it shows, and its connection, if any."""

    show: int
    address: str
    version: str
    connection: socket.socket | None = None
    is_open: bool = False
    failures: int = 0
    rest: bytes = b""


@dataclass(slots=True)
class Event:
    """A change as the server sent it, and when it came to each stream of its show."""

    show: int
    data: dict[str, Any]
    times: "array[float]" = field(default_factory=lambda: array("d"))


class Crowd:
    """All streams of this process."""

    def __init__(self, url: str, count: int, versions: dict[int, str]) -> None:
        parts = urlsplit(url)
        self._host, self._target = parts.netloc, (str(parts.hostname), parts.port or 80)
        self._poll = select.epoll()
        shows = list(versions)
        self._streams = []
        for n in range(count):
            show, address = shows[n % len(shows)], f"127.0.0.{2 + n // STREAMS_OF_ADDRESS}"
            self._streams.append(Stream(show, address, versions[show]))
        self._by_file: dict[int, int] = {}
        self._due = [(0.0, n) for n in range(count)]
        self._open_now = 0
        self._events: dict[tuple[int, bytes], Event] = {}
        self._problems: Counter[str] = Counter()

    def run(self) -> None:
        """Read, open, and obey stdin until it ends."""
        commands = sys.stdin.fileno()
        self._poll.register(commands, select.EPOLLIN)
        end = time.monotonic() + MOST_SECONDS
        while time.monotonic() < end:
            self._open_due()
            wait = min(max(self._due[0][0] - time.monotonic(), 0), 0.5) if self._due else 0.5
            for file, happened in self._poll.poll(wait):
                if file != commands:
                    self._happened(self._by_file[file], happened)
                elif line := sys.stdin.readline():
                    self._obey(line.split())
                else:
                    return

    def _obey(self, words: list[str]) -> None:
        if words[0] == "report":
            with open(words[1], "w") as file:
                for event in self._events.values():
                    file.write(json.dumps([event.show, event.data, event.times.tolist()]) + "\n")
            self._events = {}
        versions: dict[int, Counter[str]] = {}
        for stream in self._streams:
            versions.setdefault(stream.show, Counter())[stream.version] += 1
        used = resource.getrusage(resource.RUSAGE_SELF)
        answer = {
            "open": self._open_now,
            "versions": versions,
            "problems": self._problems,
            "cpu": used.ru_utime + used.ru_stime,
        }
        print(json.dumps(answer), flush=True)

    def _open_due(self) -> None:
        for _ in range(OPENED_AT_ONCE):
            if not self._due or self._due[0][0] > time.monotonic():
                return
            _, number = heapq.heappop(self._due)
            stream = self._streams[number]
            stream.connection = connection = socket.socket()
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
            connection.bind((stream.address, 0))
            self._by_file[connection.fileno()] = number
            connection.connect_ex(self._target)
            self._poll.register(connection.fileno(), select.EPOLLOUT)

    def _happened(self, number: int, happened: int) -> None:
        stream = self._streams[number]
        assert stream.connection is not None
        try:
            if happened == select.EPOLLOUT:
                request = REQUEST.format(show=stream.show, version=stream.version, host=self._host)
                stream.connection.send(request.encode())
                self._poll.modify(stream.connection.fileno(), select.EPOLLIN)
                return
            data = stream.connection.recv(65_536)
        except OSError:
            data = b""
        if not data or not self._read(stream, data):
            self._close(number)

    def _read(self, stream: Stream, data: bytes) -> bool:
        """Apply what came. False if the stream is to be closed."""
        now = time.time()
        known = self._events.get((stream.show, data)) if not stream.rest else None
        if known is not None:
            self._apply(stream, known, now)
            return True
        data = stream.rest + data
        if not stream.is_open:
            head, found, data = data.partition(b"\r\n\r\n")
            if not found:
                stream.rest = head
                return True
            if b" 200 " not in head.partition(b"\r\n")[0]:
                self._problems[head.partition(b"\r\n")[0].decode()] += 1
                return False
            stream.is_open, stream.failures = True, 0
            self._open_now += 1
        while True:
            size, found, text = data.partition(b"\r\n")
            if not found or len(text) < int(size, 16) + 2:
                stream.rest = data
                return True
            length = int(size, 16)
            if not length:
                return False
            frame, data = data[: len(size) + 2 + length + 2], text[length + 2 :]
            self._one(stream, frame, text[:length].decode(), now)

    def _one(self, stream: Stream, frame: bytes, text: str, now: float) -> None:
        lines = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
        if "data" not in lines:
            return
        data = json.loads(lines["data"])
        if lines.get("event") == "reload":
            self._problems["reload"] += 1
            stream.version = data["v"]
            return
        event = self._events.setdefault((stream.show, frame), Event(stream.show, data))
        self._apply(stream, event, now)

    def _apply(self, stream: Stream, event: Event, now: float) -> None:
        if event.data["from"] != stream.version:
            self._problems["gap"] += 1
        stream.version = event.data["v"]
        event.times.append(now)

    def _close(self, number: int) -> None:
        """The stream has ended. It is opened again later."""
        stream = self._streams[number]
        assert stream.connection is not None
        self._poll.unregister(stream.connection.fileno())
        del self._by_file[stream.connection.fileno()]
        stream.connection.close()
        self._open_now -= stream.is_open
        stream.connection, stream.is_open, stream.rest = None, False, b""
        pause = min(FIRST_PAUSE * 1.5**stream.failures, LONGEST_PAUSE) * random.uniform(0.5, 1.5)
        stream.failures += 1
        heapq.heappush(self._due, (time.monotonic() + pause, number))


if __name__ == "__main__":
    url, count, versions = sys.argv[1:]
    shown = {int(show): version for show, version in json.loads(versions).items()}
    Crowd(url, int(count), shown).run()
