"""The ASGI application: /live/shows/<id>/seats/ and /live/healthz.

It reads no cookie and answers everybody alike, so pages of any origin may read it.
"""

import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from bookmyshow.core.client_address import address_behind_proxies, networks_of
from bookmyshow.core.observability import metrics
from shows.models import Show

from .hub import Hub
from .places import TooMany
from .server import TRANSPORT
from .show import NotRead

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

PATH = re.compile(r"/live/shows/([0-9]{1,18})/seats/")
VERSION = re.compile(rb"(?:^|&)v=([A-Za-z0-9-]{1,64})(?:&|$)")
RETRY_SECONDS = b"5"
PUBLIC = [
    (b"access-control-allow-origin", b"*"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
]
#: Every other answer closes its connection, so that open files are left for streams.
CLOSING = (b"connection", b"close")
STREAM = {
    "type": "http.response.start",
    "status": 200,
    # nginx does not collect the answer of a server that says so.
    "headers": [*PUBLIC, (b"content-type", b"text/event-stream"), (b"x-accel-buffering", b"no")],
}


class Application:
    """`is_subscribed`: whether changes are heard, for the health check."""

    def __init__(self, hub: Hub, is_subscribed: Callable[[], bool]) -> None:
        self._hub = hub
        self._is_subscribed = is_subscribed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        path = PATH.fullmatch(scope["path"])
        if scope["method"] != "GET":
            await _answer(send, 405, "Only GET is possible here.", (b"allow", b"GET"))
        elif path:
            await self._watch(int(path[1]), scope, receive, send)
        elif scope["path"] == "/live/healthz":
            await self._health(send)
        else:
            await _answer(send, 404, "There is nothing at this address.")

    async def _health(self, send: Send) -> None:
        state = {
            "status": "ok",
            "subscribed": self._is_subscribed(),
            "watchers": sum(len(show.watchers) for show in self._hub.shows.values()),
            "shows": len(self._hub.shows),
        }
        await _answer(send, 200, json.dumps(state), kind=b"application/json")

    async def _watch(self, show_id: int, scope: Scope, receive: Receive, send: Send) -> None:
        connection = scope["extensions"][TRANSPORT]
        try:
            self._hub.places.take(connection, _networks(scope))
            await self._stream(show_id, scope, receive, send)
        except Show.DoesNotExist:
            await _answer(send, 404, "There is no such show.")
        except (TooMany, NotRead) as error:
            metrics.LIVE_REFUSED.labels("full" if isinstance(error, TooMany) else "away").inc()
            text = "This is busy. The seat map itself works; try again later."
            await _answer(send, 503, text, (b"retry-after", RETRY_SECONDS))
        finally:
            self._hub.places.leave(connection)

    async def _stream(self, show_id: int, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the stream until either side ends it. Raises if there can be none."""
        show = self._hub.show(show_id)
        current = await show.map_now()
        shown = _version_shown(scope)
        if current.is_final and shown == current.version:
            # A browser does not open a stream again after a 204.
            headers = [*PUBLIC, CLOSING]
            await send({"type": "http.response.start", "status": 204, "headers": headers})
            await send({"type": "http.response.body"})
            return
        await send(STREAM)
        stream = scope["extensions"][TRANSPORT]
        if stream.is_closing():
            return
        show.greet(stream, shown)
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            show.leave(stream)


def _networks(scope: Scope) -> list[tuple[str, int]]:
    """The networks that the client counts for."""
    forwarded = b",".join(_values(scope, b"x-forwarded-for")).decode("ascii", "replace")
    client = scope["client"]
    return networks_of(address_behind_proxies(client[0] if client else "", forwarded))


def _version_shown(scope: Scope) -> str:
    """The version that the page shows, or of a stream that was open before, that of its last event.

    "" if there is none that could be a version.
    """
    for value in _values(scope, b"last-event-id"):
        return value.decode("ascii", "replace")
    found = VERSION.search(scope["query_string"])
    return found[1].decode() if found else ""


def _values(scope: Scope, name: bytes) -> list[bytes]:
    """The values of a request header."""
    return [value for each, value in scope["headers"] if each == name]


async def _answer(
    send: Send, status: int, text: str, *headers: tuple[bytes, bytes], kind: bytes = b"text/plain"
) -> None:
    body = f"{text}\n".encode()
    length = (b"content-length", str(len(body)).encode())
    all_headers = [*PUBLIC, (b"content-type", kind), length, CLOSING, *headers]
    await send({"type": "http.response.start", "status": status, "headers": all_headers})
    await send({"type": "http.response.body", "body": body})
