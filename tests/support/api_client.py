"""HTTP clients for tests of the API."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from django.test import Client

from accounts.models import User
from accounts.tokens import issue_token


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @cached_property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def data(self) -> Any:
        assert self.json["success"] is True, self.json
        return self.json["data"]

    @property
    def code(self) -> str:
        """The error code. Asserts that the reply is a failure in the API's envelope."""
        assert self.json["success"] is False
        assert self.json.keys() == {"success", "error"}
        assert self.json["error"]["message"]
        return str(self.json["error"]["code"])

    @property
    def problem(self) -> tuple[int, str]:
        return self.status, self.code

    @property
    def details(self) -> Any:
        return self.json["error"]["details"]


class Caller:
    """Base of clients. A subclass implements `send`."""

    def send(
        self, method: str, address: str, payload: bytes | None, headers: dict[str, str]
    ) -> Reply:
        raise NotImplementedError

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        by: User | str | None = None,
        **headers: str,
    ) -> Reply:
        """Call `/api/` + path.

        A `body` of bytes is sent as it is, any other as JSON. `by` is a person or a token. Headers
        are given as `If_None_Match="…"`.
        """
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        if by is not None:
            token = issue_token(by) if isinstance(by, User) else by
            sent["Authorization"] = f"Bearer {token}"
        payload = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        return self.send(method, f"/api/{path}", payload, sent)

    def get(self, path: str, **options: Any) -> Reply:
        return self.call("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> Reply:
        return self.call("POST", path, body, **options)


@dataclass(frozen=True)
class Api(Caller):
    """The API of a running site, over HTTP."""

    url: str

    def send(
        self, method: str, address: str, payload: bytes | None, headers: dict[str, str]
    ) -> Reply:
        site = urlsplit(self.url)
        connection = HTTPConnection(site.hostname or "", site.port, timeout=120)
        try:
            connection.request(method, address, payload, headers)
            response = connection.getresponse()
            return Reply(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()


@dataclass(frozen=True)
class ApiInProcess(Caller):
    """The API without a server, in the test's own transaction. Fast, for tests of many cases."""

    client: Client

    def send(
        self, method: str, address: str, payload: bytes | None, headers: dict[str, str]
    ) -> Reply:
        kind = headers.pop("Content-Type", "")
        response = self.client.generic(method, address, payload or b"", kind, headers=headers)
        return Reply(response.status_code, response.headers, response.content)
