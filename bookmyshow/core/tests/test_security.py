import base64
import hashlib
import os
import re
import subprocess
import sys
from io import StringIO

import pytest
from django.conf import settings as project_settings
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import Client
from django.urls import clear_url_caches, set_urlconf
from pytest_django import Settings

from bookmyshow.core.content_policy import content_policy
from movies.posters.links import validate_poster_link
from tests.support.factories import make_booking, make_movie, make_show, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def production(settings: Settings) -> None:
    """The settings with HTTPS on. In the test run HTTPS is off."""
    settings.SECURE_SSL_REDIRECT = settings.SESSION_COOKIE_SECURE = True
    settings.CSRF_COOKIE_SECURE = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True


@pytest.fixture
def pages(production: None) -> tuple[Client, list[str]]:
    """The client of a superuser, and the addresses of one page of each kind."""
    client = Client(raise_request_exception=False)
    user = make_user(is_staff=True, is_superuser=True)
    client.force_login(user)
    show = make_show(movie=make_movie("Her", slug="her"))
    booking = make_booking(show, ["A1"], user=user)
    return (
        client,
        [
            "/",
            "/movies/her/",
            "/movies/her/poster.svg",
            show.get_absolute_url(),
            f"/shows/{show.pk}/seats/",
            booking.get_absolute_url(),
            "/bookings/",
            "/accounts/profile/",
            "/admin/",
            f"/admin/movies/movie/{show.movie_id}/change/",
            "/api/health",
            "/api/docs",
            "/nothing/",
            "/robots.txt",
        ],
    )


def test_djangos_deployment_check_finds_no_issues(
    production: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The test run sets this (conftest.py), not the site.
    monkeypatch.delenv("DJANGO_ALLOW_ASYNC_UNSAFE")
    output = StringIO()
    call_command("check", deploy=True, fail_level="WARNING", stdout=output, stderr=output)
    assert "no issues" in output.getvalue()


def test_every_kind_of_page_has_the_security_headers(pages: tuple[Client, list[str]]) -> None:
    client, addresses = pages
    for address in addresses:
        headers = client.get(address, secure=True).headers
        assert headers["Strict-Transport-Security"].startswith("max-age=31536000"), address
        assert headers["X-Content-Type-Options"] == "nosniff", address
        assert headers["X-Frame-Options"] == "DENY", address
        assert headers["Referrer-Policy"] == "same-origin", address
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin", address
        assert headers["Cross-Origin-Resource-Policy"], address
        assert "geolocation=()" in headers["Permissions-Policy"], address
        policy = headers["Content-Security-Policy"]
        assert "unsafe" not in policy, address
        assert "default-src 'none'" in policy or "frame-ancestors 'none'" in policy, address


def test_no_page_has_a_script_or_handler_in_it(pages: tuple[Client, list[str]]) -> None:
    """The policy would block them. This test finds those that no other test runs."""
    client, addresses = pages
    inline = re.compile(
        r"<script(?![^>]*\b(?:src=|type=\"application/(?:ld\+)?json\"|nonce=))[^>]*>|\son\w+=[\"']|"
        r"href=[\"']javascript:"
    )
    for address in addresses:
        answer = client.get(address, secure=True)
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            assert not inline.findall(answer.content.decode()), address


def test_the_only_inline_style_is_the_one_whose_hash_is_in_the_policy(
    pages: tuple[Client, list[str]],
) -> None:
    client, addresses = pages
    for address in addresses:
        answer = client.get(address, secure=True)
        if not answer.headers.get("Content-Type", "").startswith("text/html"):
            continue
        page = answer.content.decode()
        assert not re.findall(r"<[^>]*\sstyle=", page), address
        for style in re.findall(r"<style[^>]*>(.*?)</style>", page, re.DOTALL):
            digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in answer.headers["Content-Security-Policy"], address


def test_pages_for_somebody_who_is_logged_in_are_not_stored(
    pages: tuple[Client, list[str]],
) -> None:
    client, addresses = pages
    more = ["/admin/export/bookings/booking/", "/accounts/profile/export/", "/door/", "/nothing/"]
    public = {"/movies/her/poster.svg", "/api/health", "/robots.txt"}
    for address in (*addresses, *more):
        kept = client.get(address, secure=True).headers.get("Cache-Control", "")
        if address not in public:
            assert "no-store" in kept, address
    assert "public" in client.get("/robots.txt", secure=True).headers["Cache-Control"]


def test_browsers_may_store_pages_for_visitors_who_are_not_logged_in(client: Client) -> None:
    assert "no-store" not in client.get("/", secure=True).headers.get("Cache-Control", "")


def setting(expression: str, **environment: str) -> str:
    """The value of an expression about the settings, in a process with this environment."""
    run = subprocess.run(
        [sys.executable, "-c", f"from django.conf import settings; print({expression})"],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "bookmyshow.settings", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout.strip()


@pytest.mark.parametrize(
    ("https", "names"),
    [("on", "__Host-sessionid __Host-csrftoken"), ("off", "sessionid csrftoken")],
)
def test_with_https_no_other_host_can_set_the_cookies(https: str, names: str) -> None:
    told = setting("settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, sep=' '", HTTPS=https)
    assert told == names


def test_pictures_come_from_the_named_hosts_only() -> None:
    sources = "*settings.CONTENT_SECURITY_POLICY['DIRECTIVES']['img-src']"
    assert setting(sources, POSTER_HOSTS="") == "'self' data: https:"
    assert setting(sources, POSTER_HOSTS="img.example") == "'self' data: img.example"


@pytest.mark.parametrize(
    ("live_url", "sources"),
    [
        ("", ["'self'"]),
        ("/live/", ["'self'"]),
        ("https://live.example:8443/live/", ["'self'", "https://live.example:8443"]),
        # A port of whichever host the page came from.
        (":8002/live/", ["'self'", "*:8002"]),
    ],
)
def test_scripts_connect_to_the_site_and_to_the_host_of_the_live_map_only(
    live_url: str, sources: list[str]
) -> None:
    assert content_policy([], live_url)["DIRECTIVES"]["connect-src"] == sources


def test_a_poster_link_to_another_host_is_refused(settings: Settings) -> None:
    validate_poster_link("https://elsewhere.example/her.jpg")
    settings.POSTER_HOSTS = ["img.example"]
    validate_poster_link("https://img.example/her.jpg")
    with pytest.raises(ValidationError, match=r"img\.example only"):
        validate_poster_link("https://elsewhere.example/her.jpg")


def test_plain_http_leads_to_https(production: None, client: Client) -> None:
    answer = client.get("/movies/?q=x")
    assert (answer.status_code, answer.headers["Location"]) == (
        301,
        "https://testserver/movies/?q=x",
    )


def test_cookies_are_only_for_https_and_scripts_can_not_read_the_session(
    production: None, client: Client
) -> None:
    make_user("asha@example.com", "blue-kettle-42")
    client.get("/accounts/login/", secure=True)
    client.post(
        "/accounts/login/",
        {"username": "asha@example.com", "password": "blue-kettle-42"},
        secure=True,
        headers={"Referer": "https://testserver/"},
    )
    session, csrf = client.cookies["sessionid"], client.cookies["csrftoken"]
    assert session["secure"]
    assert session["httponly"]
    assert csrf["secure"]
    assert {session["samesite"], csrf["samesite"]} == {"Lax"}


def test_weak_passwords_are_refused(client: Client) -> None:
    for weak in ("short1!", "12345678901", "password123", "asha@example.com"):
        form = {"name": "Asha", "email": "asha@example.com", "password": weak}
        assert client.post("/accounts/signup/", form).status_code == 422, weak


def test_the_admin_is_at_admin_path(client: Client, settings: Settings) -> None:
    import importlib

    from bookmyshow import urls

    settings.ADMIN_PATH = "back-office/"
    try:
        importlib.reload(urls)
        clear_url_caches()
        assert client.get("/back-office/").status_code == 302
        assert client.get("/admin/").status_code == 404
    finally:
        settings.ADMIN_PATH = project_settings.ADMIN_PATH = "admin/"
        importlib.reload(urls)
        clear_url_caches()
        set_urlconf(None)
