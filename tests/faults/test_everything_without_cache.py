"""Valkey is stopped while the site runs. Pages, API and admin work without it and after its return.

Each step uses new films, people and log-ins, so no process can answer from its memory.
"""

import time
import urllib.request
from http.cookiejar import CookieJar
from urllib.parse import urlencode

import redis

from tests.faults.load import CSRF
from tests.faults.site import Program, Stack
from tests.support.api_client import Api

PASSWORD = "velvet-curtain-7"
SIGN_UP = "/accounts/signup/"
#: The time until every worker uses the cache again (bookmyshow.core.cache.outage).
BACK_SECONDS = 300


class Browser:
    """An HTTP client that follows redirects, keeps cookies, and fails on every status except
    200."""

    def __init__(self, url: str) -> None:
        self._url, self._jar = url, CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar))

    def open(self, path: str, form: dict[str, str] | None = None) -> tuple[str, str]:
        """The final URL and the page."""
        request = urllib.request.Request(self._url + path)
        if form is not None:
            # Django compares the two; a page's own cookie goes before this one.
            token = next((c.value for c in self._jar if c.name == "csrftoken"), None)
            request.add_header("X-CSRFToken", token or CSRF)
            request.data = urlencode(form).encode()
        with self._opener.open(request, timeout=120) as response:
            assert response.status == 200
            return response.url, response.read().decode()


def buy_by_page(site: Program, world: Stack, name: str, seat: str) -> None:
    """Sign up, open some pages, hold, confirm, and read the ticket."""
    show = world.shows[10]
    ((slug,),) = world.query(
        "SELECT m.slug FROM movies_movie m JOIN shows_show w ON w.movie_id = m.id WHERE w.id = %s",
        show,
    )
    browser = Browser(site.url)
    browser.open(SIGN_UP)
    account = {"email": f"{name}@example.com", "name": name, "password": PASSWORD}
    address, _ = browser.open(SIGN_UP, account)
    assert SIGN_UP not in address
    for path in ("/", "/?q=anatomy", f"/movies/{slug}/", f"/shows/{show}/seats/"):
        browser.open(path)
    assert seat in browser.open(f"/shows/{show}/")[1]
    address, _ = browser.open(f"/shows/{show}/hold/", {"seat": seat, "token": name})
    assert "/bookings/BMV" in address
    reference = address.rstrip("/").rpartition("/")[2]
    _, ticket = browser.open(f"/bookings/{reference}/confirm/", {})
    assert seat in ticket
    assert reference in browser.open("/bookings/")[1]
    assert status_of(world, reference) == "CONFIRMED"


def buy_by_api(site: Program, world: Stack, name: str, seat: str) -> None:
    api, show = Api(site.url), world.shows[11]
    account = {"name": name, "email": f"{name}@example.com", "password": PASSWORD}
    token = api.post("auth/signup", account).data["token"]
    assert api.get("movies").status == api.get(f"shows/{show}").status == 200
    wanted = {"showId": show, "seats": [{"seatNumber": seat}]}
    held = api.post("bookings", wanted, by=token)
    assert held.status == 201
    confirmed = api.call("PATCH", f"bookings/{held.data['id']}/confirm", by=token)
    assert confirmed.data["status"] == "CONFIRMED"
    assert api.get("auth/profile", by=token).status == 200


def use_the_admin(site: Program, world: Stack, email: str, title: str) -> None:
    """Log in, look at lists and the dashboard, and add a film that the site then has."""
    staff = Browser(site.url)
    staff.open("/admin/login/")
    address, _ = staff.open(
        "/admin/login/?next=/admin/", {"username": email, "password": PASSWORD, "next": "/admin/"}
    )
    assert address.endswith("/admin/")
    lists = ("movies/movie", "shows/show", "bookings/booking", "accounts/user", "admin/logentry")
    for path in ("dashboard", *lists, "shows/show/day", "shows/show/plan"):
        staff.open(f"/admin/{path}/")
    film = {"title": title, "slug": title.lower(), "cast": "", "duration_minutes": "100"}
    assert staff.open("/admin/movies/movie/add/", film)[0].endswith("/admin/movies/movie/")
    assert title in Browser(site.url).open(f"/movies/{title.lower()}/")[1]
    assert world.query("SELECT 1 FROM django_admin_log WHERE object_repr = %s", title)


def status_of(world: Stack, reference: str) -> str:
    ((status,),) = world.query(
        "SELECT status FROM bookings_booking WHERE reference = %s", reference
    )
    return str(status)


def make_staff(site: Program, world: Stack, email: str) -> str:
    """Sign up over HTTP, then make the account a superuser in the database."""
    account = {"name": "Staff", "email": email, "password": PASSWORD}
    assert Api(site.url).post("auth/signup", account).status == 201
    world.query(
        "UPDATE accounts_user SET is_staff = true, is_superuser = true WHERE email = %s", email
    )
    return email


def cache_of(site: Program) -> str:
    return str(Api(site.url).get("health/ready").data["checks"]["cache"])


def test_pages_api_and_admin_go_on_without_the_cache_and_with_it_again(
    world: Stack, site: Program
) -> None:
    world.valkey.kill()
    try:
        assert cache_of(site) == "down"
        buy_by_page(site, world, "stopped-page", "R20-20")
        buy_by_api(site, world, "stopped-api", "R20-20")
        use_the_admin(site, world, make_staff(site, world, "stopped@example.com"), "Stopped")
    finally:
        world.valkey.start()
    kept_before = keys(world)
    give_up = time.monotonic() + BACK_SECONDS
    # Compare the keys and not their number, because expired keys may be counted for a while.
    while keys(world) <= kept_before or cache_of(site) != "ok":
        assert time.monotonic() < give_up, "the site does not use the cache that is back"
        Browser(site.url).open("/")
        time.sleep(0.2)
    buy_by_page(site, world, "back-page", "R20-18")
    buy_by_api(site, world, "back-api", "R20-18")
    use_the_admin(site, world, "stopped@example.com", "Back")


def keys(world: Stack) -> set[bytes]:
    with redis.Redis.from_url(world.valkey.url()) as client:
        return set(client.scan_iter(count=1000))
