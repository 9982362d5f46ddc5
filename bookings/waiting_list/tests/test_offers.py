"""Who gets which seats, when they come back (docs/spec.md §20)."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.outbox.models import Message
from bookings import services
from bookings.after_sale.services import Back, cancel_for_customer
from bookings.errors import OfferedInstead, SeatsUnavailable
from bookings.integrity.repair import repair_show
from bookings.models import Booking
from bookings.waiting_list import services as waiting
from bookings.waiting_list.choosing import Party
from bookings.waiting_list.models import Entry
from shows.models import Seat, Show
from shows.waiting_room.services import switch_sale
from tests.support.factories import hall, lapse, make_booking, make_show, make_user
from tests.support.on_sale import make_sale
from tests.support.waiting_list import breaches, join, line_of, offer_to, sell_out

pytestmark = pytest.mark.django_db

STATES = Entry.State


def released(show: Show, *labels: str) -> Booking:
    """A hold of these free seats, and its release."""
    held = services.hold_seats(user=make_user(), show_id=show.pk, labels=labels)
    return services.release_hold(user=held.user, reference=held.reference)


def by_release(held: Booking) -> None:
    services.release_hold(user=held.user, reference=held.reference)


def by_release_after_its_time(held: Booking) -> None:
    lapse(held)
    services.release_hold(user=held.user, reference=held.reference)


def by_sweep(held: Booking) -> None:
    lapse(held)
    services.sweep_lapsed_holds()


def by_cancelling(held: Booking) -> None:
    services.confirm_booking(user=held.user, reference=held.reference)
    services.cancel_booking(user=held.user, reference=held.reference)


def by_the_box_office(held: Booking) -> None:
    services.confirm_booking(user=held.user, reference=held.reference)
    cancel_for_customer(
        by=make_user(is_staff=True), booking_id=held.pk, back=Back.NOTHING, reason="asked"
    )


def by_another_buyer(held: Booking) -> None:
    lapse(held)
    with pytest.raises(SeatsUnavailable):
        services.hold_seats(user=make_user(), show_id=held.show_id, labels=held.seats)


def by_a_repair(held: Booking) -> None:
    Booking.objects.filter(pk=held.pk).update(status="FAILED", ended_reason="released")
    repair_show(held.show_id)


@pytest.mark.parametrize(
    "free",
    [
        by_release,
        by_release_after_its_time,
        by_sweep,
        by_cancelling,
        by_the_box_office,
        by_another_buyer,
        by_a_repair,
    ],
)
def test_seats_that_come_back_are_offered_at_once(free: Callable[[Booking], None]) -> None:
    show = make_show(hall(1, 2))
    held = services.hold_seats(user=make_user(), show_id=show.pk, labels=["R1-1"])
    make_booking(show, ["R1-2"])
    entry = join(show)
    free(held)
    offer = offer_to(entry)
    assert (offer.status, offer.seats, offer.is_offer) == ("PENDING", ["R1-1"], True)
    assert Seat.objects.get(show=show, label="R1-1").booking == offer
    assert breaches() == []


def test_a_swap_offers_the_seats_that_it_leaves() -> None:
    show = make_show(hall(1, 3))
    buyer = make_user()
    services.hold_seats(user=buyer, show_id=show.pk, labels=["R1-1", "R1-2"])
    pair = join(show, seats=2)
    services.hold_seats(user=buyer, show_id=show.pk, labels=["R1-3"])
    assert offer_to(pair).seats == ["R1-1", "R1-2"]
    assert breaches() == []


def test_while_an_on_sale_is_closed_nobody_gets_an_offer() -> None:
    show = make_show(hall(1, 2))
    held = services.hold_seats(user=make_user(), show_id=show.pk, labels=["R1-1", "R1-2"])
    entry = join(show)
    sale = make_sale(show)
    staff = make_user(is_staff=True)
    switch_sale(on_sale_id=sale.pk, mode="CLOSED", by=staff)
    services.release_hold(user=held.user, reference=held.reference)
    waiting.tend_lists()
    assert line_of(show) == [entry]
    assert show.seats.filter(booking=None).count() == 2
    assert breaches() == []
    switch_sale(on_sale_id=sale.pk, mode="LOTTERY", by=staff)
    waiting.tend_lists()
    assert offer_to(entry).total_seats == 1


def test_an_offer_lasts_as_long_as_the_setting_says(settings: Any) -> None:
    settings.WAITING_OFFER_MINUTES = 7
    show = make_show(hall(1, 1))
    sold = sell_out(show)
    entry = join(show)
    services.cancel_booking(user=sold.user, reference=sold.reference)
    offer = offer_to(entry)
    assert offer.expires_at - offer.created_at == timedelta(minutes=7)
    assert offer.held_from == ""
    message = Message.objects.get(key=f"waiting-offer:{entry.pk}")
    assert (message.user, message.priority) == (entry.user, 0)
    assert message.expires_at is not None
    assert abs(message.expires_at - offer.expires_at) < timedelta(seconds=1)
    assert message.booking == offer.pk


def test_the_line_is_served_in_order_and_who_does_not_fit_keeps_the_place() -> None:
    show = make_show(hall(1, 4))
    ends = make_booking(show, ["R1-1"]), make_booking(show, ["R1-4"])
    make_booking(show, ["R1-2", "R1-3"])
    pair, apart, single = join(show, seats=2), join(show, seats=2, together=False), join(show)
    services.cancel_booking(user=ends[0].user, reference=ends[0].reference)
    assert offer_to(single).seats == ["R1-1"]
    services.cancel_booking(user=ends[1].user, reference=ends[1].reference)
    # One seat is free and fits neither: it is free to all.
    assert line_of(show) == [pair, apart]
    assert released(show, "R1-4").seats == ["R1-4"]
    services.release_hold(user=single.user, reference=offer_to(single).reference)
    assert offer_to(apart).seats == ["R1-1", "R1-4"]
    assert line_of(show) == [pair]
    assert breaches() == []


def test_wheelchair_places_go_only_to_those_who_asked_for_one() -> None:
    show = make_show("A wss")
    place, rest = make_booking(show, ["A1"]), make_booking(show, ["A2", "A3"])
    ordinary, wheels = join(show), join(show, seats=2, wheelchair=True)
    services.cancel_booking(user=place.user, reference=place.reference)
    assert line_of(show) == [ordinary, wheels]
    waiting.leave(user=ordinary.user, entry_id=ordinary.pk)
    services.cancel_booking(user=rest.user, reference=rest.reference)
    assert offer_to(wheels).seats == ["A1", "A2"]
    assert breaches() == []


def test_a_party_that_may_sit_apart_gets_one_wheelchair_place_and_other_seats() -> None:
    show = make_show("A ws_sw")
    sold = sell_out(show)
    wheels = join(show, seats=3, together=False, wheelchair=True)
    services.cancel_booking(user=sold.user, reference=sold.reference)
    seats = Seat.objects.filter(show=show, label__in=offer_to(wheels).seats)
    assert sorted(seats.values_list("is_wheelchair", flat=True)) == [False, False, True]
    assert breaches() == []


def test_a_person_who_holds_seats_is_skipped_and_keeps_the_place() -> None:
    show = make_show(hall(1, 3))
    first = join_full(show)
    holder, second = first[1], join(show)
    # The first person in line has taken a seat that fitted nobody.
    held = holds_one_seat(show, holder.user)
    sold = Booking.objects.filter(show=show, status="CONFIRMED").exclude(pk=held.pk)[0]
    services.cancel_booking(user=sold.user, reference=sold.reference)
    assert offer_to(second).is_offer
    services.release_hold(user=holder.user, reference=held.reference)
    assert offer_to(holder).is_offer
    assert breaches() == []


def join_full(show: Show) -> tuple[list[Booking], Entry]:
    """Sell every seat by itself; the entry of a person who waits for one seat."""
    labels = list(show.seats.values_list("label", flat=True))
    sold = [make_booking(show, [label]) for label in labels]
    return sold, join(show)


def holds_one_seat(show: Show, person: User) -> Booking:
    """Give this person a hold, as if it had been made before they joined."""
    sold = Booking.objects.filter(show=show, status="CONFIRMED")[0]
    Booking.objects.filter(pk=sold.pk).update(
        user=person,
        status="PENDING",
        confirmed_at=None,
        expires_at=timezone.now() + timedelta(minutes=2),
    )
    sold.refresh_from_db()
    return sold


def test_an_offer_that_lapses_goes_on_to_the_next_in_the_sweep() -> None:
    show = make_show(hall(1, 1))
    sold = sell_out(show)
    entries = [join(show) for _ in range(3)]
    services.cancel_booking(user=sold.user, reference=sold.reference)
    for entry, following in pairwise(entries):
        offer = offer_to(entry)
        lapse(offer)
        assert services.sweep_lapsed_holds() == 1
        entry.refresh_from_db()
        assert entry.state == STATES.PASSED
        assert offer_to(following).seats == offer.seats
    assert breaches() == []


def test_no_thanks_gives_the_seats_to_the_next_and_does_not_pause_the_person(
    settings: Any,
) -> None:
    settings.UNPAID_HOLD_TIME, settings.HOLD_PAUSE = timedelta(minutes=4), timedelta(minutes=5)
    show = make_show(hall(1, 2))
    sold = sell_out(show)
    first, second = join(show, seats=2), join(show)
    services.cancel_booking(user=sold.user, reference=sold.reference)
    offer = offer_to(first)
    # As if the person had thought about it for nine minutes.
    Booking.objects.filter(pk=offer.pk).update(created_at=timezone.now() - timedelta(minutes=9))
    services.release_hold(user=first.user, reference=offer.reference)
    first.refresh_from_db()
    assert first.state == STATES.PASSED
    (label,) = {"R1-1", "R1-2"} - set(offer_to(second).seats)
    assert services.hold_seats(user=first.user, show_id=show.pk, labels=[label]).seats == [label]
    assert (
        waiting.join(user=first.user, show_id=show.pk, party=Party(2, True, False)).pk > second.pk
    )
    assert breaches() == []


def test_who_buys_seats_leaves_the_line() -> None:
    show = make_show(hall(1, 3))
    sold = make_booking(show, ["R1-2"])
    make_booking(show, ["R1-1"])
    entry = join(show, seats=2)
    make_booking(show, ["R1-3"], user=entry.user)
    entry.refresh_from_db()
    assert (entry.state, entry.booking) == (STATES.TAKEN, None)
    services.cancel_booking(user=sold.user, reference=sold.reference)
    assert breaches() == []


def test_a_confirmed_offer_ends_the_place_in_line() -> None:
    show = make_show(hall(1, 1))
    sold = sell_out(show)
    entry = join(show)
    services.cancel_booking(user=sold.user, reference=sold.reference)
    services.confirm_booking(user=entry.user, reference=offer_to(entry).reference)
    entry.refresh_from_db()
    assert entry.state == STATES.TAKEN
    assert entry.ended_at is not None
    assert breaches() == []


def test_nobody_overtakes_the_line_by_holding_seats_of_a_lapsed_hold() -> None:
    show = make_show(hall(1, 2))
    held = services.hold_seats(user=make_user(), show_id=show.pk, labels=["R1-1", "R1-2"])
    entry = join(show)
    lapse(held)
    offered = []
    for label in ("R1-1", "R1-2"):
        try:
            services.hold_seats(user=make_user(), show_id=show.pk, labels=[label])
        except SeatsUnavailable as error:
            offered += error.labels
    assert offer_to(entry).seats == offered
    assert breaches() == []


def test_seats_of_two_lapsed_holds_together_go_to_a_pair_first() -> None:
    show = make_show(hall(1, 2))
    holds = [
        services.hold_seats(user=make_user(), show_id=show.pk, labels=[label])
        for label in ("R1-1", "R1-2")
    ]
    pair = join(show, seats=2)
    for held in holds:
        lapse(held)
    with pytest.raises(SeatsUnavailable):
        services.hold_seats(user=make_user(), show_id=show.pk, labels=["R1-1"])
    assert offer_to(pair).seats == ["R1-1", "R1-2"]
    assert breaches() == []


def test_the_next_in_line_who_asks_for_a_lapsed_seat_gets_it_as_the_offer() -> None:
    show = make_show(hall(1, 1))
    held = services.hold_seats(user=make_user(), show_id=show.pk, labels=["R1-1"])
    entry = join(show)
    lapse(held)
    booking = services.hold_seats(user=entry.user, show_id=show.pk, labels=["R1-1"])
    assert booking == offer_to(entry)
    assert breaches() == []


def test_the_next_in_line_who_asks_for_other_seats_is_told_of_the_offer() -> None:
    show = make_show(hall(1, 2))
    holds = [
        services.hold_seats(user=make_user(), show_id=show.pk, labels=[label])
        for label in ("R1-1", "R1-2")
    ]
    entry = join(show, seats=2)
    for held in holds:
        lapse(held)
    with pytest.raises(OfferedInstead, match="offered to you now"):
        services.hold_seats(user=entry.user, show_id=show.pk, labels=["R1-1"])
    assert offer_to(entry).seats == ["R1-1", "R1-2"]
    # The offer is a hold like any other, and can be changed for other seats.
    swapped = services.hold_seats(user=entry.user, show_id=show.pk, labels=["R1-1"])
    entry.refresh_from_db()
    assert (swapped.is_offer, entry.state) == (False, STATES.PASSED)
    assert breaches() == []


def test_a_rollback_loses_the_free_seats_and_the_offer_together() -> None:
    show = make_show(hall(1, 1))
    sold = sell_out(show)
    entry = join(show)

    class Killed(Exception):
        """Stands for a process that ends before its commit."""

    def cancel_and_end() -> None:
        with transaction.atomic():
            services.cancel_booking(user=sold.user, reference=sold.reference)
            assert offer_to(entry).is_offer
            raise Killed

    with pytest.raises(Killed):
        cancel_and_end()
    entry.refresh_from_db()
    sold.refresh_from_db()
    assert (entry.state, sold.status) == (STATES.WAITING, "CONFIRMED")
    assert not Message.objects.filter(kind="waiting-offer").exists()
    assert breaches() == []


def test_the_number_of_statements_does_not_depend_on_the_number_of_offers() -> None:
    def statements(people: int) -> int:
        show = make_show(hall(1, 6))
        sold = make_booking(show, [f"R1-{n}" for n in range(1, 7)])
        for _ in range(people):
            join(show)
        with CaptureQueriesContext(connection) as queries:
            services.cancel_booking(user=sold.user, reference=sold.reference)
        assert Entry.objects.filter(show=show, state=STATES.OFFERED).count() == people
        return len(queries)

    # After six offers no seat is left. So the query for the next people in line is not run.
    assert statements(6) == statements(1) - 1
