"""A small opening, played with real threads (tests/support/opening.py; the large one is
`python -m bench.waiting_room`)."""

import time

import pytest
from pytest_django import Settings

from bookings import services as bookings
from bookings.models import Booking
from shows.waiting_room import services
from shows.waiting_room.models import Place
from tests.support.factories import make_show, make_user
from tests.support.on_sale import admit_now, open_sale, owing
from tests.support.opening import Size, measure, play, prepare
from tests.support.servers import OwnValkey

pytestmark = pytest.mark.django_db(transaction=True)


def test_people_are_let_in_at_the_rate_in_the_order_of_the_draw() -> None:
    opening = prepare(Size(early=500, late=60, rate=1_200, cap=10_000, seconds=5))
    play(opening)
    found = measure(opening)
    print(found)
    assert found.called <= found.expected * 1.02 + 1
    # All of them are called if the machine is so slow that this takes half a minute.
    assert found.called >= min(found.expected * 0.98 - 1, found.joined)
    assert found.draw
    assert found.draw.p > 1e-6, "each seed is another, so a higher limit fails now and then"
    assert found.bought > 0
    assert found.refused.keys() >= {"none", "forged", "shared", "expired", "foreign", "used"}


def test_the_cap_is_never_exceeded_while_people_come_and_go(settings: Settings) -> None:
    # Long enough to come and to buy, also on a busy machine.
    settings.ON_SALE_CALL_MINUTES, settings.ON_SALE_PASS_MINUTES = 4 / 60, 6 / 60
    ends = Place.objects.exclude(outcome="").values_list("outcome", flat=True)
    opening = prepare(Size(early=150, late=50, rate=6_000, cap=15, seconds=1, mode="FIFO"))
    play(opening, until=lambda: set(ends.all()) == {"BOUGHT", "LAPSED", "EXPIRED"})
    found = measure(opening)
    print(found)
    assert found.most_active == 15
    assert found.called > 15, "people who are done make room"


def test_without_valkey_nobody_is_let_in_nobody_loses_a_place_and_passes_go_on(
    own_valkey: OwnValkey,
) -> None:
    show = make_show()
    sale = open_sale(show)
    people = [make_user() for _ in range(6)]
    places = [services.join(sale.pk, person) for person in people[:5]]
    assert admit_now(sale, 2) == 2
    own = services.enter(places[0])
    own_valkey.stop()
    with owing(sale, people=5):
        assert services.admit_all() == 0
        held = bookings.hold_seats(user=people[0], show_id=show.pk, labels=["A1"], passes=[own])
        bookings.confirm_booking(user=people[0], reference=held.reference)
        assert services.enter(places[1])
        late = services.join(sale.pk, people[5])
        assert services.admit_all() == 0
        own_valkey.start_again()
        called = 0
        give_up = time.monotonic() + 120
        while called == 0:
            assert time.monotonic() < give_up, "nobody is let in after Valkey is back"
            time.sleep(0.05)
            called = services.admit_all()
    assert called == 4
    late.refresh_from_db()
    assert (late.number, late.turn) == (6, 6)
    assert late.called_at
    assert Place.objects.count() == 6
    assert Booking.objects.get().status == "CONFIRMED"
