"""The waiting room with real threads and connections (docs/spec.md §24)."""

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from bookings import services as bookings
from bookings.models import Booking
from shows.models import Show
from shows.waiting_room import services
from shows.waiting_room.errors import PassMissing, PassUsed
from shows.waiting_room.models import OnSale, Place
from tests.support.factories import make_movie, make_screen, make_show, make_user
from tests.support.on_sale import admit_now, make_sale, open_sale, owing, pass_of
from tests.support.races import assert_sold_once, at_once, elsewhere, meeting

pytestmark = pytest.mark.django_db(transaction=True)

LEADERS = 6


def crowd(sale: OnSale, people: int) -> list[Place]:
    return [services.join(sale.pk, make_user()) for _ in range(people)]


def called() -> int:
    return Place.objects.filter(called_at__isnull=False).count()


def test_two_leaders_call_nobody_twice_and_not_more_than_the_cap() -> None:
    sale = open_sale(make_show(), active_cap=7)
    crowd(sale, 20)
    with owing(sale, people=20):
        results = at_once(lambda _: services.admit(sale.pk), LEADERS)
    assert sorted(results, key=str) == [*[0] * (LEADERS - 1), 7]
    assert called() == 7
    assert list(
        Place.objects.filter(called_at=None).order_by("turn").values_list("turn", flat=True)
    ) == list(range(8, 21))


def test_a_second_leader_goes_on_at_once_while_the_first_is_at_it() -> None:
    sale = open_sale(make_show(), active_cap=5)
    crowd(sale, 12)
    with owing(sale, people=12), transaction.atomic():
        assert services.admit(sale.pk) == 5
        assert elsewhere(lambda: services.admit(sale.pk)).result(300) == 0
    assert admit_now(sale, 12) == 0
    assert called() == 5


def test_leaders_at_the_opening_hold_one_draw() -> None:
    sale = make_sale(make_show(), mode="LOTTERY")
    crowd(sale, 30)
    OnSale.objects.filter(pk=sale.pk).update(opens_at=timezone.now())
    at_once(lambda _: services.admit(sale.pk), LEADERS)
    sale.refresh_from_db()
    turns = dict(Place.objects.values_list("number", "turn"))
    assert turns == {number: sale.turn_of(number) for number in range(1, 31)}


def test_many_who_join_at_once_get_different_numbers_and_one_person_gets_one() -> None:
    sale = make_sale(make_show())
    people = [make_user() for _ in range(8)]
    places = at_once(lambda number: services.join(sale.pk, people[number // 2]), 16)
    assert [place for place in places if not isinstance(place, Place)] == []
    assert Place.objects.count() == 8
    numbers = {place.user_id: place.number for place in places if isinstance(place, Place)}
    assert numbers == dict(Place.objects.values_list("user", "number"))


def test_a_place_that_is_being_written_during_the_draw_takes_part_in_it() -> None:
    sale = make_sale(make_show(), mode="LOTTERY")
    late = make_user()
    crowd(sale, 4)

    def draw_while_the_place_waits() -> object:
        # The place refers to the person, so writing it waits for this lock.
        User.objects.select_for_update().get(pk=late.pk)

        def draw() -> None:
            assert elsewhere(lambda: admit_now(sale, 4)).result(300) == 4
            sale.refresh_from_db()
            assert sale.early == 5

        return draw

    place = meeting(draw_while_the_place_waits, lambda: services.join(sale.pk, late))
    assert isinstance(place, Place), place
    assert (place.number, place.turn) == (5, None)
    assert admit_now(sale, 5) == 1
    place.refresh_from_db()
    assert place.called_at
    assert place.turn == sale.turn_of(5)


def test_people_go_on_joining_while_the_draw_is_held() -> None:
    sale = make_sale(make_show(), mode="LOTTERY")
    crowd(sale, 3)
    late = make_user()
    OnSale.objects.filter(pk=sale.pk).update(opens_at=timezone.now())
    with transaction.atomic():
        services.admit(sale.pk)
        place = elsewhere(lambda: services.join(sale.pk, late)).result(300)
    assert isinstance(place, Place), place
    assert place.number == 4


def test_who_enters_in_the_last_moment_is_not_ended(settings: Settings) -> None:
    sale = open_sale(make_show())
    (place,) = crowd(sale, 1)
    admit_now(sale, 1)

    def enter() -> None:
        services.enter(place)
        settings.ON_SALE_CALL_MINUTES = 0

    meeting(enter, lambda: services.admit(sale.pk))
    place.refresh_from_db()
    assert place.entered_at
    assert place.done_at is None


@pytest.mark.parametrize("first", ["hold", "leader"])
def test_a_place_ends_before_a_hold_or_after_it_and_never_between(first: str) -> None:
    """So the next person is called only when this one can hold nothing more."""
    show, buyer = make_show(), make_user()
    sale = open_sale(show, active_cap=1)
    own = pass_of(sale, buyer)
    crowd(sale, 1)
    bought = bookings.hold_seats(user=buyer, show_id=show.pk, labels=["A1"], passes=[own])
    bookings.confirm_booking(user=buyer, reference=bought.reference)

    def hold(label: str = "A2") -> Booking:
        return bookings.hold_seats(user=buyer, show_id=show.pk, labels=[label], passes=[own])

    def let_in() -> int:
        return admit_now(sale, 5)

    if first == "hold":
        assert meeting(lambda: hold() and None, let_in) == 1
        with pytest.raises(PassUsed):
            hold("A3")
    else:
        outcome = meeting(lambda: let_in() and None, hold)
        assert isinstance(outcome, PassUsed), outcome
    assert Place.objects.active().count() == 1


def test_a_hold_that_waits_for_the_switch_needs_a_pass() -> None:
    show, buyer = make_show(), make_user()
    outcome = meeting(
        lambda: make_sale(show) and None,
        lambda: bookings.hold_seats(user=buyer, show_id=show.pk, labels=["A1"]),
    )
    assert isinstance(outcome, PassMissing), outcome
    assert not Booking.objects.exists()


def test_the_switch_waits_for_a_hold_that_is_under_way_and_the_hold_stays() -> None:
    show, buyer = make_show(), make_user()
    sale = meeting(
        lambda: bookings.hold_seats(user=buyer, show_id=show.pk, labels=["A1"]) and None,
        lambda: make_sale(show),
    )
    assert isinstance(sale, OnSale), sale
    assert_sold_once(show)
    assert show.on_sale_id == sale.pk
    held = Booking.objects.get(user=buyer)
    assert bookings.confirm_booking(user=buyer, reference=held.reference).status == "CONFIRMED"


@pytest.mark.parametrize("first", ["show", "on-sale"])
def test_a_show_that_is_made_while_its_film_goes_on_sale_is_covered(first: str) -> None:
    movie, screen, staff = make_movie(), make_screen(), make_user(is_staff=True)

    def new_show() -> None:
        make_show(movie=movie, screen=screen)

    def switch_on() -> None:
        make_sale(movie, by=staff)

    order = (new_show, switch_on) if first == "show" else (switch_on, new_show)
    assert not isinstance(meeting(*order), Exception)
    assert Show.objects.get().on_sale_id == OnSale.objects.get().pk


def test_a_person_who_is_forgotten_leaves_and_nobody_else_moves() -> None:
    sale = make_sale(make_show(), mode="LOTTERY")
    places = crowd(sale, 6)
    admit_now(sale, 0)
    gone = min(places, key=lambda place: sale.turn_of(place.number) or place.number)
    gone.user.delete()
    assert admit_now(sale, 3) == 3
    sale.refresh_from_db()
    turns = sorted(sale.turn_of(place.number) or 0 for place in places if place != gone)
    called_turns = Place.objects.filter(called_at__isnull=False).values_list("turn", flat=True)
    assert set(called_turns) == set(turns[:3])
