"""uvicorn's server and protocol, adapted to thousands of open streams."""

import asyncio
import logging
import resource
import socket
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bookmyshow.core.observability import metrics

from .hub import Hub

log = logging.getLogger(__name__)

#: The extension of the ASGI scope with the connection's transport.
TRANSPORT = "bookmyshow.transport"
#: A reader is too slow if more than this much waits for it: in the kernel, then in this process.
KERNEL_BYTES = 32 * 1024
WAITING_BYTES = 16 * 1024
#: A connection that has not sent a whole request after this time is closed.
REQUEST_SECONDS = 10.0
#: A request is a path and some headers. Longer ones are cut, because all of it is kept in memory.
REQUEST_BYTES = 32 * 1024
#: Open files that are not streams: connections to servers, logs, connections that are refused.
OTHER_FILES = 200
#: After SIGTERM the streams end over this time.
ENDING_SECONDS = 4.0


class StreamProtocol(HttpToolsProtocol):
    """uvicorn's HTTP, with three changes.

    1. The application gets the transport. To write one event takes 6 µs with it, and 10 µs with
       uvicorn's `send`, which also waits for slow readers.
    2. The connection of a slow reader is closed; its page opens a new one.
    3. So is a connection that sends more than REQUEST_BYTES, or a second request before the answer
       to the first one has ended.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=WAITING_BYTES)
        self.loop.call_later(REQUEST_SECONDS, self._cut_if_silent)
        self._received = 0

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        if self._received > REQUEST_BYTES:
            self.transport.abort()
        else:
            super().data_received(data)

    def on_headers_complete(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            # uvicorn would queue it until the stream ends: some KiB of memory for 20 bytes.
            self.transport.abort()
            return
        self.scope["extensions"] = {TRANSPORT: self.transport}  # type: ignore[dict-item]
        super().on_headers_complete()

    def pause_writing(self) -> None:
        metrics.LIVE_SLOW.inc()
        self.transport.abort()

    def _cut_if_silent(self) -> None:
        if self.cycle is None:
            self.transport.abort()  # type: ignore[unreachable]


class Server(uvicorn.Server):
    """uvicorn's server, which starts the hub and ends the streams in slices."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._hub.start()
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # No new connections. Pages whose streams end now reach another process, or the next one.
        for server in self.servers:
            server.close()
        await self._hub.end_all(ENDING_SECONDS)
        await super().shutdown(sockets)
        self._hub.stop()
        metrics.LIVE_WATCHERS.set(0)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Its connections have small buffers. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
    listener.bind((host.strip("[]"), port))
    listener.setblocking(False)
    return listener


def config(application: Any) -> uvicorn.Config:
    """uvicorn's settings. `application` is the ASGI application."""
    return uvicorn.Config(
        application,
        http=StreamProtocol,
        loop="uvloop",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=4096,
        timeout_graceful_shutdown=5,
    )


def raise_file_limit(watchers: int) -> int:
    """Allow as many open files as `watchers` streams need. Returns how many streams are possible.

    A process may raise its limit up to the hard limit, and root any limit.
    """
    wanted = watchers + OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        for limit in ((wanted, max(wanted, hard)), (min(wanted, hard), hard)):
            try:
                resource.setrlimit(resource.RLIMIT_NOFILE, limit)
            except (OSError, ValueError):
                continue
            soft = limit[0]
            break
    possible = max(min(watchers, soft - OTHER_FILES), 1)
    if possible < watchers:
        log.warning(
            "This process may have %s open files, which is enough for %s streams; LIVE_WATCHERS is"
            " %s. Raise the limit: LimitNOFILE= of a systemd unit, `ulimits: nofile:` of a compose"
            " file, or `ulimit -n` in a shell.",
            soft,
            possible,
            watchers,
        )
    return possible
