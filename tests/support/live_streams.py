"""Streams of the live seat map that a test reads event by event."""

import http.client
import json
import time
import urllib.error
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

#: How long a test waits for an event before it fails.
PATIENCE_SECONDS = 120.0


@dataclass
class Stream:
    """An open stream. `retry`: ms until a browser would open it again."""

    answer: http.client.HTTPResponse
    retry: int = 0
    last_id: str = ""

    @classmethod
    def open(
        cls, url: str, show_id: int, version: str = "", *, last_id: str = "", address: str = ""
    ) -> Self:
        """Open a stream as a browser does; `address`: through a proxy that names this client.

        Raises urllib.error.HTTPError.
        """
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE_SECONDS)
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last_id} if last_id else {})
        headers |= {"X-Forwarded-For": address} if address else {}
        path = f"/live/shows/{show_id}/seats/?v={version}"
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        if answer.status != 200:
            raise urllib.error.HTTPError(path, answer.status, answer.reason, answer.headers, answer)
        stream = cls(answer)
        # The greeting. From now on the stream is among the watchers.
        greeting = stream._block()
        assert greeting is not None
        stream.retry = int(greeting["retry"])
        return stream

    def next(self) -> dict[str, Any] | None:
        """The next event; `event` is its type. None if the stream has ended in order.

        Raises TimeoutError, and http.client.IncompleteRead or ConnectionResetError if it was cut.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (block := self._block()) is not None:
            if "id" in block:
                self.last_id = block["id"]
                return {"event": block.get("event", "message"), **json.loads(block["data"])}
            if time.monotonic() > deadline:
                raise TimeoutError("only heartbeats came")
        return None

    def close(self) -> None:
        self.answer.close()

    def _block(self) -> dict[str, str] | None:
        """The fields up to the next empty line. None at the end of the stream."""
        fields: dict[str, str] = {}
        while line := self.answer.readline():
            text = line.decode().rstrip("\n")
            if not text:
                return fields
            name, _, value = text.partition(":")
            fields[name] = value.strip()
        return None
