"""Joining, the draw, being called and entering (docs/spec.md §24)."""

from datetime import datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import DatabaseError, transaction
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from bookings import services as bookings
from bookings.models import Booking
from shows.models import Show
from shows.services import delete_show
from shows.waiting_room import admission, services
from shows.waiting_room.admission import forget_old_places
from shows.waiting_room.errors import (
    AlreadyDrawn,
    AlreadyOnSale,
    CallLapsed,
    LogInFirst,
    NotOpenYet,
    NotYourTurn,
    NoWaitingRoom,
    OnSaleNotFound,
    SaleClosed,
)
from shows.waiting_room.lottery import Draw
from shows.waiting_room.models import OnSale, Place
from tests.support.factories import begin, make_guest, make_movie, make_show, make_user
from tests.support.on_sale import admit_now, make_sale, move_back, open_sale, owing

pytestmark = pytest.mark.django_db


def test_people_join_once_and_get_numbers_in_the_order_of_arrival() -> None:
    sale = make_sale(make_show())
    first, second = make_user(), make_user()
    assert services.join(sale.pk, first).number == 1
    assert services.join(sale.pk, second).number == 2
    again = services.join(sale.pk, first)
    assert again.number == 1
    assert again.turn is None
    assert services.place_in_line(again, sale) is None


def test_a_guest_has_to_log_in_first() -> None:
    with pytest.raises(LogInFirst):
        services.join(make_sale(make_show()).pk, make_guest())


def test_nobody_joins_before_it_opens_after_it_is_closed_or_where_there_is_none() -> None:
    person, staff = make_user(), make_user(is_staff=True)
    sale = make_sale(make_show(), prequeue_in=timedelta(hours=1), opens_in=timedelta(hours=2))
    with pytest.raises(NotOpenYet):
        services.join(sale.pk, person)
    with pytest.raises(OnSaleNotFound):
        services.join(sale.pk + 1, person)
    services.switch_sale(on_sale_id=sale.pk, mode="CLOSED", by=staff)
    with pytest.raises(SaleClosed):
        services.join(sale.pk, person)
    services.switch_sale(on_sale_id=sale.pk, mode="OFF", by=staff)
    with pytest.raises(NoWaitingRoom):
        services.join(sale.pk, person)
    assert not Place.objects.exists()


def test_nobody_is_let_in_before_the_opening() -> None:
    sale = make_sale(make_show())
    place = services.join(sale.pk, make_user())
    assert services.admit_all() == services.admit(sale.pk) == 0
    with pytest.raises(NotYourTurn):
        services.enter(place)
    sale.refresh_from_db()
    assert (sale.drawn_at, sale.early, bytes(sale.seed)) == (None, None, b"")


def test_an_on_sale_that_fails_does_not_keep_the_others_waiting(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken, other = (open_sale(make_show()) for _ in range(2))
    place = services.join(other.pk, make_user())
    services.join(broken.pk, make_user())
    credit = admission._credit

    def failing(sale: OnSale, now: datetime) -> int:
        if sale == broken:
            raise DatabaseError
        return credit(sale, now)

    monkeypatch.setattr(admission, "_credit", failing)
    with owing(other, people=1):
        assert services.admit_all() == 1
    place.refresh_from_db()
    assert place.called_at
    assert f"on-sale {broken.pk} in this run" in caplog.text


def test_the_draw_orders_those_who_came_before_and_others_follow_as_they_come() -> None:
    sale = make_sale(make_show(), mode="LOTTERY")
    early = [services.join(sale.pk, make_user()) for _ in range(9)]
    admit_now(sale, 0)
    late = [services.join(sale.pk, make_user()) for _ in range(3)]
    sale.refresh_from_db()
    assert sale.early == 9
    draw = Draw(bytes(sale.seed), 9)
    for place in early:
        place.refresh_from_db()
        assert place.turn == draw.turn_of(place.number) == sale.turn_of(place.number)
    assert sorted(place.turn or 0 for place in early) == list(range(1, 10))
    assert [place.turn for place in late] == [10, 11, 12]


def test_the_draw_is_stored_logged_and_final() -> None:
    sale = make_sale(make_show(), mode="LOTTERY")
    services.join(sale.pk, make_user())
    admit_now(sale, 0)
    sale.refresh_from_db()
    seed = bytes(sale.seed)
    assert len(seed) == 32
    line = LogEntry.objects.latest("pk")
    assert seed.hex() in line.change_message
    assert "Numbers up to 1 came before" in line.change_message
    for change in ({"seed": b"\1" * 32}, {"early": 2}, {"drawn_at": timezone.now()}):
        with (
            pytest.raises(DatabaseError, match="was held and does not change"),
            transaction.atomic(),
        ):
            OnSale.objects.filter(pk=sale.pk).update(**change)


def test_first_come_first_served() -> None:
    sale = make_sale(make_show(), mode="FIFO")
    places = [services.join(sale.pk, make_user()) for _ in range(5)]
    assert admit_now(sale, 2) == 2
    for place in places:
        place.refresh_from_db()
    assert [place.turn for place in places] == [1, 2, 3, 4, 5]
    assert [bool(place.called_at) for place in places] == [True, True, False, False, False]
    sale.refresh_from_db()
    assert [services.place_in_line(place, sale) for place in places] == [0, 0, 1, 2, 3]


@pytest.mark.parametrize("is_divided", [False, True])
def test_the_cap_holds_until_somebody_is_done(settings: Settings, is_divided: bool) -> None:
    """Divided by show (docs/sharding.md) the places are on another server than the bookings."""
    show = make_show()
    sale = open_sale(show, active_cap=2)
    people = [make_user() for _ in range(4)]
    places = [services.join(sale.pk, person) for person in people]
    assert admit_now(sale, 10) == 2
    assert admit_now(sale, 10) == 0
    services.enter(places[0])
    held = bookings.hold_seats(
        user=people[0], show_id=show.pk, labels=["A1"], passes=[services.enter(places[0])]
    )
    assert admit_now(sale, 10) == 0, "a hold is not a purchase yet"
    bookings.confirm_booking(user=people[0], reference=held.reference)
    settings.CITUS = is_divided
    assert admit_now(sale, 10) == 1
    assert [place.outcome for place in Place.objects.order_by("pk")] == ["BOUGHT", "", "", ""]


def test_who_does_not_come_or_uses_up_the_time_makes_room_and_may_join_again() -> None:
    sale = open_sale(make_show(), active_cap=2)
    lapsed, expired, waiting = (services.join(sale.pk, make_user()) for _ in range(3))
    admit_now(sale, 10)
    services.enter(expired)
    move_back(lapsed, timedelta(minutes=5))
    with pytest.raises(CallLapsed):
        services.enter(lapsed)
    move_back(expired, timedelta(minutes=10))
    assert admit_now(sale, 10) == 1
    for place, outcome in ((lapsed, "LAPSED"), (expired, "EXPIRED")):
        place.refresh_from_db()
        assert place.outcome == outcome
        with pytest.raises(CallLapsed):
            services.enter(place)
    again = services.join(sale.pk, lapsed.user)
    assert (again.pk, again.number, again.turn) == (lapsed.pk, 4, 4)
    assert (again.called_at, again.done_at, again.outcome) == (None, None, "")
    assert services.join(sale.pk, waiting.user).number == 3


def test_entering_again_gives_the_same_pass() -> None:
    sale = open_sale(make_show())
    place = services.join(sale.pk, make_user())
    admit_now(sale, 1)
    first = services.enter(place)
    move_back(place, timedelta(minutes=7))
    place.refresh_from_db()
    assert services.enter(place) != first
    assert services.enter(place) == services.enter(place)


def test_the_rate_does_not_save_up_what_nobody_used() -> None:
    sale = open_sale(make_show(), rate=60, active_cap=1000)
    assert services.admit(sale.pk) == 0
    for _ in range(30):
        services.join(sale.pk, make_user())
    OnSale.objects.update(credited_to=timezone.now() - timedelta(hours=1))
    assert services.admit(sale.pk) == 10, "the ten seconds of MOST_CREDIT"
    assert services.admit(sale.pk) < 10


def test_a_low_rate_lets_people_in_too() -> None:
    sale = open_sale(make_show(), rate=1)
    services.join(sale.pk, make_user())
    OnSale.objects.update(credited_to=timezone.now() - timedelta(seconds=61))
    assert services.admit(sale.pk) == 1


def test_new_shows_of_the_film_are_on_sale_too_and_off_frees_all() -> None:
    staff, movie = make_user(is_staff=True), make_movie()
    show = make_show(movie=movie)
    other = make_show()
    sale = make_sale(movie)
    new = make_show(movie=movie)
    for covered in (show, new):
        covered.refresh_from_db()
        assert covered.on_sale_id == sale.pk
    other.refresh_from_db()
    assert other.on_sale_id is None
    services.switch_sale(on_sale_id=sale.pk, mode="CLOSED", by=staff)
    assert Show.objects.filter(sale_closed=True).count() == 2
    assert make_show(movie=movie).sale_closed
    services.switch_sale(on_sale_id=sale.pk, mode="OFF", by=staff)
    assert not Show.objects.filter(on_sale__isnull=False).exists()
    assert not Show.objects.filter(sale_closed=True).exists()


def test_a_film_or_show_has_one_on_sale() -> None:
    movie = make_movie()
    show = make_show(movie=movie)
    sale = make_sale(show)
    with pytest.raises(AlreadyOnSale):
        make_sale(show)
    with pytest.raises(AlreadyOnSale):
        make_sale(movie)
    assert OnSale.objects.get() == sale


def test_after_the_draw_only_rate_and_cap_change() -> None:
    staff = make_user(is_staff=True)
    sale = open_sale(make_show(), mode="LOTTERY")
    changed = services.change_sale(on_sale_id=sale.pk, by=staff, rate=7, active_cap=3)
    assert (changed.rate, changed.active_cap) == (7, 3)
    with pytest.raises(AlreadyDrawn):
        services.change_sale(on_sale_id=sale.pk, by=staff, opens_at=timezone.now())


def test_who_comes_between_the_opening_and_the_draw_is_not_in_the_draw() -> None:
    sale = make_sale(make_show(), mode="LOTTERY")
    early = [services.join(sale.pk, make_user()) for _ in range(3)]
    OnSale.objects.filter(pk=sale.pk).update(opens_at=timezone.now())
    late = services.join(sale.pk, make_user())
    admit_now(sale, 0)
    sale.refresh_from_db()
    late.refresh_from_db()
    assert (sale.early, late.turn) == (3, 4)
    for place in early:
        place.refresh_from_db()
    assert {place.turn for place in early} == {1, 2, 3}


def test_a_lottery_to_which_nobody_came_early_can_be_closed_and_opened_again() -> None:
    staff = make_user(is_staff=True)
    sale = open_sale(make_show(), mode="LOTTERY")
    for mode in ("CLOSED", "LOTTERY"):
        services.switch_sale(on_sale_id=sale.pk, mode=mode, by=staff)
    with pytest.raises(AlreadyDrawn):
        services.switch_sale(on_sale_id=sale.pk, mode="FIFO", by=staff)
    assert services.join(sale.pk, make_user()).turn == 1


def test_the_time_of_a_closed_sale_is_no_part_of_anybody_s_turn() -> None:
    show, staff = make_show(), make_user(is_staff=True)
    sale = open_sale(show, active_cap=3)
    called, inside, buys = places = [services.join(sale.pk, make_user()) for _ in range(3)]
    assert admit_now(sale, 3) == 3
    own = {place.pk: services.enter(place) for place in (inside, buys)}
    held = bookings.hold_seats(
        user=buys.user, show_id=show.pk, labels=["A1"], passes=[own[buys.pk]]
    )
    services.switch_sale(on_sale_id=sale.pk, mode="CLOSED", by=staff)
    bookings.confirm_booking(user=buys.user, reference=held.reference)
    hour = timedelta(hours=1)
    Booking.objects.update(confirmed_at=F("confirmed_at") - hour / 2)
    OnSale.objects.update(looked_at=F("looked_at") - hour)
    for place in places:
        # They had used four minutes when it was closed.
        move_back(place, hour + timedelta(minutes=4))
    services.switch_sale(on_sale_id=sale.pk, mode="FIFO", by=staff)
    services.admit(sale.pk)
    for place in places:
        place.refresh_from_db()
    assert [place.outcome for place in places] == ["", "", "BOUGHT"]
    assert services.enter(called)
    assert services.enter(inside) != own[inside.pk], "its end is later"
    move_back(inside, timedelta(minutes=6))
    services.admit(sale.pk)
    inside.refresh_from_db()
    assert inside.outcome == "EXPIRED"


def test_an_on_sale_ends_with_its_last_show_and_its_places_are_forgotten_later() -> None:
    show = make_show()
    sale = open_sale(show)
    services.join(sale.pk, make_user())
    begin(show)
    with owing(sale, people=1):
        assert services.admit_all() == 0
    assert forget_old_places() == 0
    long_ago = timezone.now() - timedelta(days=31)
    OnSale.objects.filter(pk=sale.pk).update(opens_at=long_ago, prequeue_from=long_ago)
    assert forget_old_places() == 1
    assert OnSale.objects.exists(), "the draw stays"


def test_a_show_that_nobody_booked_can_be_deleted_with_its_on_sale() -> None:
    show = make_show()
    sale = open_sale(show)
    services.join(sale.pk, make_user())
    show.refresh_from_db()
    delete_show(show=show)
    assert not OnSale.objects.exists()
