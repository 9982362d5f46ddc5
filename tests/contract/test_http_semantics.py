"""HTTP semantics of the API: caching, methods, media types, CORS, and invalid bodies."""

import gzip
import json
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from shows.models import Cinema
from tests.support.api_client import Api, ApiInProcess
from tests.support.deployed_site import DeployedSite
from tests.support.factories import make_booking, make_show, make_user


def test_public_reads_are_revalidated_by_etag(api: Api) -> None:
    show = make_show()
    for path in ("movies", f"movies/{show.movie_id}", "shows", f"shows/{show.pk}", "openapi.json"):
        first = api.get(path)
        assert first.headers["Cache-Control"] == "public, no-cache"
        assert "Cookie" not in first.headers.get("Vary", "")
        same = api.get(path, If_None_Match=first.headers["ETag"])
        assert (same.status, same.body) == (304, b"")
        assert same.headers["ETag"] == first.headers["ETag"]
        assert same.headers["Cache-Control"] == "public, no-cache"
        assert api.get(path, If_None_Match=f'"x", W/{first.headers["ETag"]}').status == 304
        assert api.get(path, If_None_Match='"x"').status == 200
    before = api.get(f"shows/{show.pk}").headers["ETag"]
    make_booking(show, ["A1"])
    assert api.get(f"shows/{show.pk}", If_None_Match=before).status == 200


def test_what_belongs_to_a_person_is_never_stored(api: Api) -> None:
    user = make_user()
    for path in ("auth/profile", "auth/bookings", "bookings/1", "nothing"):
        reply = api.get(path, by=user)
        assert reply.headers["Cache-Control"] == "private, no-store"
        assert "ETag" not in reply.headers


def test_public_reads_come_compressed_to_those_who_can(api: Api) -> None:
    show = make_show()
    plain = api.get(f"shows/{show.pk}")
    small = api.get(f"shows/{show.pk}", Accept_Encoding="gzip")
    assert "Content-Encoding" not in plain.headers
    assert small.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in small.headers["Vary"]
    assert gzip.decompress(small.body) == plain.body
    assert len(small.body) < len(plain.body) / 4
    assert api.get(f"shows/{show.pk}", If_None_Match=small.headers["ETag"]).status == 304


def test_the_length_of_what_is_compressed_gives_nothing_away(api: Api) -> None:
    user = make_user(name="A" * 120)
    replies = [api.get("auth/profile", by=user, Accept_Encoding="gzip") for _ in range(12)]
    assert len({gzip.decompress(reply.body) for reply in replies}) == 1
    assert len({len(reply.body) for reply in replies}) > 1, "BREACH"


def test_head_answers_as_get_does_without_a_body(api: Api) -> None:
    show = make_show()
    for path in (f"shows/{show.pk}", "health", "shows/4711", "openapi.json"):
        get, head = api.get(path), api.call("HEAD", path)
        assert (head.status, head.body) == (get.status, b"")
        assert head.headers["Content-Length"] == str(len(get.body))
        assert head.headers.get("ETag") == get.headers.get("ETag")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("movies", "GET, HEAD, OPTIONS, POST"),
        ("movies/1", "DELETE, GET, HEAD, OPTIONS, PUT"),
        ("shows/1", "DELETE, GET, HEAD, OPTIONS"),
        ("shows/upcoming/list", "GET, HEAD, OPTIONS"),
        ("auth/profile", "GET, HEAD, OPTIONS, PUT"),
        ("auth/login", "OPTIONS, POST"),
        ("bookings", "OPTIONS, POST"),
        ("bookings/1", "DELETE, GET, HEAD, OPTIONS"),
        ("bookings/1/confirm", "OPTIONS, PATCH"),
        ("health", "GET, HEAD, OPTIONS"),
        ("openapi.json", "GET, HEAD, OPTIONS"),
    ],
)
def test_methods_are_told(api: Api, path: str, allowed: str) -> None:
    options = api.call("OPTIONS", path)
    assert (options.status, options.headers["Allow"], options.body) == (204, allowed, b"")
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"} - set(allowed.split(", ")):
        refused = api.call(method, path)
        assert refused.problem == (405, "METHOD_NOT_ALLOWED"), method
        assert refused.headers["Allow"] == allowed


def test_an_unknown_address_is_told_in_the_envelope(api: Api) -> None:
    for path in ("nothing", "", "movies/", "movies/1/2", "%00", "bookings/reference/"):
        for method in ("GET", "POST", "DELETE"):
            assert api.call(method, path).problem == (404, "NOT_FOUND"), path


def test_a_body_is_json_and_says_so(api: Api) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/xml", "json"):
        reply = api.post("auth/login", b"{}", Content_Type=kind)
        assert reply.problem == (415, "UNSUPPORTED_MEDIA_TYPE")
    body = json.dumps({"email": "a@example.com", "password": "x"}).encode()
    reply = api.post("auth/login", body, Content_Type="application/json; charset=utf-8")
    assert reply.status == 401


def test_a_body_that_is_too_large_is_refused(api: Api) -> None:
    for size in (300 * 1024, 3 * 1024 * 1024):
        body = json.dumps({"email": "a@example.com", "password": "x" * size})
        reply = api.post("auth/login", body.encode())
        assert reply.problem == (413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"7",
        b"{'email': 1}",
        b'{"email": NaN, "password": "x"}',
        b'{"email": "a@example.com", "password": 1e999}',
        b'{"email": "a@example.com", "password": ' + b"9" * 5000 + b"}",
        b'{"email": "\\ud800", "password": "x"}',
        b'{"email": "a\\u0000@example.com", "password": "x"}',
        b'{"email": "a@example.com", "password": "x\\u0007"}',
        b'{"email": "\xff", "password": "x"}',
        b"[" * 100_000 + b"]" * 100_000,
        b'{"email": ' * 5_000 + b"1" + b"}" * 5_000,
        '{"email": "a@example.com", "password": "x"}'.encode("utf-16"),
    ],
    ids=lambda body: repr(body[:40]),
)
def test_a_body_that_cannot_be_read_is_a_400(quick_api: ApiInProcess, body: bytes) -> None:
    assert quick_api.post("auth/login", body).problem == (400, "VALIDATION_ERROR")


def test_checks_come_in_order(api: Api) -> None:
    user, admin = make_user(), make_user(is_superuser=True)
    assert api.post("movies", b"{").problem == (401, "NOT_AUTHENTICATED")
    assert api.post("movies", b"{", by=user).problem == (403, "FORBIDDEN")
    assert api.post("movies", b"{", by=admin).problem == (400, "VALIDATION_ERROR")
    assert api.call("PUT", "movies/4711", {}, by=admin).problem == (400, "VALIDATION_ERROR")
    assert api.call("PUT", "movies/4711", {"title": "A"}, by=admin).problem == (404, "NOT_FOUND")
    assert api.call("DELETE", "shows/abc").status == 401
    assert api.call("DELETE", "shows/abc", by=user).status == 403


ORIGIN = "https://app.example.com"


def test_pages_of_the_one_other_origin_may_call(api: Api) -> None:
    show = make_show()
    preflight = api.call(
        "OPTIONS",
        "bookings",
        Origin=ORIGIN,
        Access_Control_Request_Method="POST",
        Access_Control_Request_Headers="authorization,content-type,idempotency-key",
    )
    assert preflight.status == 200
    allowed = preflight.headers
    assert allowed["access-control-allow-origin"] == ORIGIN
    assert allowed["access-control-allow-credentials"] == "true"
    assert allowed["access-control-allow-methods"] == "GET, POST, PUT, PATCH, DELETE, OPTIONS"
    names = {name.strip() for name in allowed["access-control-allow-headers"].split(",")}
    assert names == {"content-type", "authorization", "idempotency-key", "x-on-sale-pass"}
    read = api.get(f"shows/{show.pk}", Origin=ORIGIN)
    assert read.headers["access-control-allow-origin"] == ORIGIN
    assert "origin" in read.headers["Vary"].lower()


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://app.example.com"])
def test_pages_of_other_origins_may_not(api: Api, origin: str) -> None:
    for method in ("GET", "OPTIONS"):
        reply = api.call(method, "movies", Origin=origin, Access_Control_Request_Method="GET")
        assert "access-control-allow-origin" not in reply.headers


@pytest.mark.django_db
def test_pages_of_our_own_are_not_for_other_origins(client: Client, settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]
    assert client.get("/api/movies", headers={"Origin": ORIGIN}).has_header(
        "access-control-allow-origin"
    )
    assert not client.get("/", headers={"Origin": ORIGIN}).has_header("access-control-allow-origin")


def test_a_fault_is_logged_under_the_id_that_the_caller_sees(
    api: Api, deployed_site: DeployedSite
) -> None:
    show = make_show()
    Cinema.objects.update(timezone="Nowhere/Secret")
    reply = api.get(f"shows/{show.pk}")
    assert reply.problem == (500, "SERVER_ERROR")
    assert "Nowhere" not in reply.body.decode()
    log = deployed_site.log.read_text()
    assert "Nowhere" in log[log.index(reply.details["id"]) :]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_long_query_is_answered_in_the_apis_shape_up_to_the_servers_limit(
    api: Api, method: str
) -> None:
    longest = 8190 - len(f"{method} /api/movies?search= HTTP/1.1") - 2
    refused = api.call(method, f"movies?search={'a' * longest}")
    assert refused.status == 400
    assert refused.headers["Content-Type"].startswith("application/json")
    assert method == "HEAD" or list(refused.details) == ["search"]
    # Longer than the limit of every server (docs/api.md).
    assert api.call(method, f"movies?search={'a' * 20_000}").status == 414


def test_a_database_that_does_not_answer_is_a_503(quick_api: ApiInProcess) -> None:
    def down(*args: Any) -> None:
        raise OperationalError("connection refused by 10.1.2.3")

    with connection.execute_wrapper(down):
        replies = [quick_api.get(path) for path in ("movies", "shows/1", "health/ready")]
    for reply in replies:
        assert reply.problem == (503, "SERVICE_UNAVAILABLE")
        assert int(reply.headers["Retry-After"]) > 0
        assert "10.1.2.3" not in reply.body.decode()
    assert quick_api.get("health").status == 200
