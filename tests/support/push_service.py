"""A push service for tests, and browsers that subscribed at it.

It is a real HTTP server on this machine. It checks the signature of each request as a push service
does (RFC 8292), and then decrypts the message as the browser would (RFC 8291). It answers what a
test wants: 201, an error, nothing at all, or one byte now and then.
"""

import json
import ssl
import threading
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from secrets import token_bytes, token_urlsafe
from typing import Any

import http_ece
import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID
from pytest_django import Settings

from accounts.models import User
from accounts.push import sending, services, transport
from accounts.push.endpoints import Endpoint
from accounts.push.models import Subscription, Topic

LONGEST_TOKEN_SECONDS = 24 * 3600
# After this time even a server that never finishes does.
MISBEHAVE_SECONDS = 400
# Of a request to another one. A busy machine may need more than the five seconds of the product.
PATIENCE_SECONDS = 60.0
SILENCE, DRIP, FLOOD = "silence", "drip", "flood"


def encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class TestBrowser:
    """A browser with a subscription. Its keys are those of a real one."""

    __test__ = False

    endpoint: str
    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    secret: bytes = field(default_factory=lambda: token_bytes(16))

    @property
    def p256dh(self) -> str:
        public = self.private.public_key()
        return encoded(public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))

    @property
    def auth(self) -> str:
        return encoded(self.secret)

    @property
    def form(self) -> dict[str, str]:
        """What `static/js/push.js` posts."""
        return {"endpoint": self.endpoint, "p256dh": self.p256dh, "auth": self.auth}


@dataclass(frozen=True)
class Received:
    """A message that a push service took."""

    browser: TestBrowser
    #: What the service worker reads.
    message: dict[str, Any]
    headers: dict[str, str]
    at: float

    @property
    def ttl(self) -> int:
        return int(self.headers["ttl"])


class PushService(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.scheme, self.host = "https" if tls else "http", host
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.browsers: dict[str, TestBrowser] = {}
        self.received: list[Received] = []
        #: The status for each browser's path, or SILENCE, DRIP, FLOOD. Others get 201.
        self.answers: dict[str, int | str] = {}
        #: Headers of the answers.
        self.answer_headers: dict[str, str] = {}
        #: Requests that no push service would take, and why.
        self.problems: list[str] = []
        self.requests = 0
        self.stopping = threading.Event()

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.host}:{self.server_port}"

    def browser(self, answer: int | str = 201) -> TestBrowser:
        """A browser that has subscribed at this push service."""
        path = f"/push/{token_urlsafe(16)}"
        self.answers[path] = answer
        self.browsers[path] = TestBrowser(self.origin + path)
        return self.browsers[path]

    def answer(self, browser: TestBrowser, answer: int | str) -> None:
        self.answers[browser.endpoint.removeprefix(self.origin)] = answer

    def messages_to(self, browser: TestBrowser) -> list[dict[str, Any]]:
        return [each.message for each in self.received if each.browser is browser]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no error of this server."""

    def note(self, path: str, headers: dict[str, str], body: bytes) -> None:
        """Check and decrypt a request. Raises ValueError with what is wrong."""
        browser = self.browsers.get(path)
        if browser is None:
            raise ValueError(f"unknown endpoint {path}")
        self._check_signature(headers)
        if headers.get("content-encoding") != "aes128gcm":
            raise ValueError("not aes128gcm")
        if len(body) > 4096:
            raise ValueError(f"{len(body)} bytes")
        text = http_ece.decrypt(
            body, private_key=browser.private, auth_secret=browser.secret, version="aes128gcm"
        )
        self.received.append(Received(browser, json.loads(text), headers, time.time()))

    def _check_signature(self, headers: dict[str, str]) -> None:
        scheme, _, parameters = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "vapid":
            raise ValueError("no VAPID signature")
        found = dict(part.strip().split("=", 1) for part in parameters.split(","))
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(found["k"]))
        claims = jwt.decode(found["t"], key, algorithms=["ES256"], audience=self.origin)
        if claims["exp"] > time.time() + LONGEST_TOKEN_SECONDS:
            raise ValueError("the signature lives for more than a day")
        if not claims["sub"].startswith(("mailto:", "https:")):
            raise ValueError("nobody to write to")


class _Conversation(BaseHTTPRequestHandler):
    server: PushService
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        service = self.server
        service.requests += 1
        answer = service.answers.get(self.path, 404)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if isinstance(answer, str):
            return self._misbehave(answer)
        if answer == 201:
            try:
                service.note(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
            except Exception as error:
                service.problems.append(f"{type(error).__name__}: {error}")
                answer = 400
        self.send_response(answer)
        for name, value in service.answer_headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()
        return None

    def _misbehave(self, how: str) -> None:
        """Never answer; or send a byte of a header now and then; or an answer without end."""
        self.close_connection = True
        if how == FLOOD:
            self.wfile.write(b"HTTP/1.1 201 Created\r\n\r\n")
        elif how == DRIP:
            self.wfile.write(b"HTTP/1.1 201 Created\r\nX-Slow: ")
        ends = time.monotonic() + MISBEHAVE_SECONDS
        while not self.server.stopping.wait(0.05) and time.monotonic() < ends:
            if how == FLOOD:
                self.wfile.write(bytes(65_536))
            elif how == DRIP:
                self.wfile.write(b"a")

    def log_message(self, format: str, *args: object) -> None:
        """No lines on the test's output."""


@contextmanager
def push_service_running(
    tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> Iterator[PushService]:
    service = PushService(tls, host)
    thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield service
    finally:
        service.stopping.set()
        service.shutdown()
        service.server_close()
        thread.join()


@pytest.fixture
def push_service(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[PushService]:
    """A push service, the only address on this machine that messages may be sent to."""
    monkeypatch.setattr(transport, "TIMEOUT_SECONDS", PATIENCE_SECONDS)
    with push_service_running() as service:
        settings.PUSH_TEST_ORIGIN = service.origin
        settings.VAPID_PRIVATE_KEY = token_urlsafe(32)
        yield service
        assert service.problems == []


def hurried(service: PushService, monkeypatch: pytest.MonkeyPatch, seconds: float) -> list[str]:
    """Let requests that are never answered end after `seconds`. The other requests have time.

    Returns the paths of all requests, which grow from now on.
    """
    asked: list[str] = []

    def post(endpoint: Endpoint, body: bytes, headers: Mapping[str, str]) -> int:
        asked.append(endpoint.path)
        with monkeypatch.context() as patch:
            if service.answers.get(endpoint.path) in (SILENCE, DRIP):
                patch.setattr(transport, "TIMEOUT_SECONDS", seconds)
            return transport.post(endpoint, body, headers)

    monkeypatch.setattr(sending, "post", post)
    return asked


def subscribe(user: User, browser: TestBrowser, *topics: Topic) -> Subscription:
    """Tell `user` on `browser` about these topics (about everything, if none is named)."""
    return services.subscribe(
        user=user,
        browser=services.Browser(**browser.form),
        topics=topics or tuple(Topic),
        name="Chrome on Android",
    )


def self_signed(host: str, folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS context with a self-signed certificate for `host`, and its file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file, key_file = folder / "certificate.pem", folder / "key.pem"
    file.write_bytes(certificate.public_bytes(Encoding.PEM))
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, key_file)
    return context, file
