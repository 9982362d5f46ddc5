"""The sandbox's web server: one process with a thread for each connection.

One process, so that a ``kill -9`` ends everything at once, like a provider that is away.
"""

import socket
from typing import Any

from django.core.servers.basehttp import (
    ThreadedWSGIServer,
    WSGIRequestHandler,
)
from django.core.wsgi import get_wsgi_application


class QuietHandler(WSGIRequestHandler):
    """Requests are not logged. The application gets the socket, to end a connection on demand."""

    # Otherwise an answer waits 40 ms for the client's acknowledgement of its headers.
    disable_nagle_algorithm = True

    def get_environ(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environ()
        environ["payment_sandbox.socket"] = self.connection
        return environ

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Server(ThreadedWSGIServer):
    request_queue_size = 128
    allow_reuse_address = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error."""


def serve(address: str, port: int) -> None:
    """Answer requests until the process ends. Raises OSError if the port is taken."""
    is_v6 = ":" in address
    if is_v6:
        Server.address_family = socket.AF_INET6
    server = Server((address, port), QuietHandler, ipv6=is_v6)
    server.set_app(get_wsgi_application())
    server.serve_forever()
