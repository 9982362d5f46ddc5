"""A plain HTTP client for the API: what a program somewhere sends, and what it gets back."""

import json
from dataclasses import dataclass
from functools import cached_property
from http.client import HTTPConnection, HTTPMessage
from typing import Any
from urllib.parse import urlsplit

from accounts.models import User
from accounts.tokens import issue_token


@dataclass(frozen=True)
class Reply:
    status: int
    headers: HTTPMessage
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
        """The problem's code; the reply is in the envelope of failures and nothing else."""
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


@dataclass(frozen=True)
class Api:
    """The API of a site that is being served."""

    url: str

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        by: User | str | None = None,
        **headers: str,
    ) -> Reply:
        """Call `/api/` + path. `body`: bytes as they are, anything else as JSON; `by`: a person,
        or a token. Headers are given as `If_None_Match="…"`.
        """
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        if by is not None:
            token = issue_token(by) if isinstance(by, User) else by
            sent["Authorization"] = f"Bearer {token}"
        payload = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        site = urlsplit(self.url)
        connection = HTTPConnection(site.hostname or "", site.port, timeout=30)
        try:
            connection.request(method, f"/api/{path}", payload, sent)
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path: str, **options: Any) -> Reply:
        return self.call("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> Reply:
        return self.call("POST", path, body, **options)
