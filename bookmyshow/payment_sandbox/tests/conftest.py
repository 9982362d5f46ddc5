import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import stripe as sdk

from tests.support.provider_clients import Razorpay, Received, Receiver, stripe_client
from tests.support.sandbox import Sandbox


@pytest.fixture
def stripe(sandbox: Sandbox) -> sdk.StripeClient:
    return stripe_client(sandbox)


@pytest.fixture
def razorpay(sandbox: Sandbox) -> Razorpay:
    return Razorpay(sandbox)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    shop = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with shop.changed:
                lowered = {name.lower(): value for name, value in self.headers.items()}
                shop.received.append(Received(lowered, body))
                status = shop.status
                shop.changed.notify_all()
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    shop.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield shop
    server.shutdown()
    server.server_close()
