"""Cached values come back unchanged, and damaged or foreign bytes are misses."""

import pickle
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.backends.cached_db import SessionStore
from django.core.cache import cache
from django.test import Client
from django.utils import timezone as clock
from django.utils.safestring import SafeString, mark_safe

from accounts.profile_cache import profile_of
from bookmyshow.core.cache import cacheable, get_or_compute
from bookmyshow.core.cache.serializer import MARK, Unreadable, pack, unpack
from movies.models import Genre
from shows.listings.films import films
from shows.listings.filters import Facets, Option
from shows.listings.home_lists import FilmLists
from shows.models import Show
from shows.seatmap.current import current_map, current_version
from shows.seatmap.show_cache import show_or_404
from tests.support.admin_site import staff_client
from tests.support.api_client import ApiInProcess
from tests.support.factories import make_movie, make_show, make_user

PLAIN = [
    None,
    True,
    0,
    12,
    -(2**40),
    1.5,
    "",
    "12",
    "नमस्ते",
    b"\x00\xff",
    [1, [2]],
    (1, (2, "3")),
    {"a": 1, 7: [None]},
    date(2026, 3, 7),
    time(9, 30),
    datetime(2026, 3, 7, 9, 30, 1, 5, tzinfo=UTC),
    datetime(2026, 3, 7, tzinfo=timezone(timedelta(hours=5, minutes=30))),
    Decimal("350.00"),
    Facets(zones={"Pune": "Asia/Kolkata"}, genres=[Option("a", "A")], languages=[], formats=[]),
]


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    found = unpack(pack(value))
    assert found == value
    assert type(found) is type(value)


def test_safe_html_stays_safe_and_other_text_stays_unsafe() -> None:
    assert isinstance(unpack(pack(mark_safe("<b>"))), SafeString)
    assert not isinstance(unpack(pack("<b>")), SafeString)


def test_a_value_of_a_type_that_is_not_allowed_is_refused() -> None:
    with pytest.raises(TypeError, match=r"can't cache a .*Path"):
        cache.set("path", Path("/"))


@dataclass(frozen=True)
class Unmarked:
    name: str


def test_a_dataclass_has_to_be_marked() -> None:
    with pytest.raises(TypeError, match=r"can't cache a .*Unmarked"):
        pack(Unmarked("x"))
    with pytest.raises(TypeError, match="not a dataclass"):
        cacheable(str)


class Trap:
    """Pickled, it writes a file when it is read."""

    def __init__(self, sprung: Path) -> None:
        self._sprung = sprung

    def __reduce__(self) -> Any:
        return (Path.write_text, (self._sprung, "sprung"))


def test_a_pickled_payload_is_not_run_and_is_a_miss(tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    payload = pickle.dumps(Trap(sprung))
    for planted in (payload, MARK + payload):
        plant("costly", planted)
        assert cache.get("costly") is None
        plant("costly", planted)
        assert get_or_compute("costly", lambda: "made again", seconds=60) == "made again"
        assert cache.get("costly") == "made again"
    assert not sprung.exists()
    pickle.loads(payload)
    assert sprung.exists(), "the trap works"


GARBAGE = [
    b"",
    b"\x00",
    b"12",
    b"garbage",
    b"\x80\x04}.",
    b"\xff" * 50,
    MARK,
    MARK + b"\xc1",
    MARK + b"\x93\x01",
    MARK + b"\x01\x01",
    MARK + b"\xc7\x02\x63\xa1x",
    MARK + b"\xd4\x01\xc0",
    # A dataclass that is not marked, and one with other fields.
    pack(Option("a", "b")).replace(b"Option", b"Action"),
    pack(Option("a", "b")).replace(b"label", b"title"),
    MARK + b"\xdf\xff\xff\xff\xff",
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=repr)
def test_garbage_is_a_miss_and_is_deleted(garbage: bytes) -> None:
    with pytest.raises(Unreadable):
        unpack(garbage)
    plant("costly", garbage)
    assert cache.get("costly", "missed") == "missed"
    # `add` only writes if there is no entry: the garbage has been deleted.
    assert cache.add("costly", "new", 60)
    plant("costly", garbage)
    plant("other", pack(1))
    assert cache.get_many(["costly", "other"]) == {"other": 1}


@pytest.mark.django_db
def test_rows_come_back_with_what_was_read_with_them(django_assert_num_queries: Any) -> None:
    drama = Genre.objects.create(name="Drama", slug="drama")
    movie = make_movie("Her", rating=Decimal("8.0"), release_date=date(2013, 12, 18))
    movie.genres.add(drama)
    make_show(movie=movie)
    listed = films().with_showing(at=clock.now()).prefetch_related("genres").defer("cast")
    (found,) = unpack(pack(list(listed)))
    assert found == movie
    with django_assert_num_queries(0):
        assert (found.title, found.rating) == ("Her", Decimal("8.0"))
        assert found.release_date == date(2013, 12, 18)
        assert found.is_showing is True
        assert [genre.name for genre in found.genres.all()] == ["Drama"]
        assert found.poster_src.startswith("/movies/")
        assert not found.poster_image
    other = make_movie("Him")
    other.genres.add(Genre.objects.create(name="War", slug="war"))
    assert [genre.name for genre in found.genres.filter(name__gt="A")] == ["Drama"]
    assert found.genres.count() == 1
    found.genres.add(other.genres.get())
    assert found.genres.count() == 2
    with django_assert_num_queries(1):
        assert found.cast == []
    show = unpack(pack(Show.objects.select_related("movie", "screen__cinema").get()))
    with django_assert_num_queries(0):
        assert (show.movie.title, show.screen.cinema.city) == ("Her", "Mumbai")
        assert show.local_start.tzinfo == show.screen.cinema.tz


@pytest.mark.django_db
def test_every_value_that_the_site_caches_can_be_cached() -> None:
    """The second round reads each value from the cache."""
    show, user = make_show(), make_user()
    lists, staff = FilmLists(clock.now()), staff_client()
    for _ in range(2):
        assert lists.facets().zones == {"Mumbai": "Asia/Kolkata"}
        assert lists.featured("") == show.movie
        assert lists.soon() == []
        assert profile_of(user.pk).email == user.email
        assert show_or_404(show.pk) == show
        assert current_map(show.pk).version == current_version(show.pk)
        assert staff.get("/admin/dashboard/").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("garbage", [b"garbage", b"12", pickle.dumps({"a": 1}), MARK], ids=repr)
def test_every_entry_of_the_cache_may_be_garbage(client: Client, garbage: bytes) -> None:
    """Pages, polls, holds, sessions and the API work, and replace the garbage."""
    show, user = make_show(), make_user()
    client.force_login(user)
    visit(client, show)
    kept = keys()
    assert len(kept) > 8
    for key in kept:
        server().set(key, garbage)
    visit(client, show)
    assert current_version(show.pk)
    assert cache.get("group:films")
    assert cache.get(SessionStore.cache_key_prefix + client.cookies["sessionid"].value)


def visit(client: Client, show: Show) -> None:
    version = current_map(show.pk).version
    for path in (
        "/",
        show.get_absolute_url(),
        f"/shows/{show.pk}/seats/?v={version}",
        show.movie.get_absolute_url(),
        show.movie.poster_src,
        "/accounts/profile/",
        "/bookings/",
        "/api/shows",
    ):
        assert client.get(path).status_code in {200, 204}, path
    token = ApiInProcess(client).get("auth/profile", by=make_user())
    assert token.status == 200
    held = client.post(f"/shows/{show.pk}/hold/", {"seat": "A1"})
    assert held.status_code == 302
    assert client.get(held["Location"]).status_code == 200


def server() -> Any:
    return cache.client.get_client(write=True)  # type: ignore[attr-defined]


def plant(key: str, value: bytes) -> None:
    server().set(cache.make_key(key), value)


def keys() -> set[bytes]:
    return {key for key in server().scan_iter("bms:2:*") if server().type(key) == b"string"}
