"""Joining and leaving the waiting list, and what happens to it when the show changes."""

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import User
from accounts.outbox.models import Message
from bookings import services
from bookings.errors import TooManySeats
from bookings.show_changes.services import cancel_show, move_show
from bookings.waiting_list import services as waiting
from bookings.waiting_list.errors import AlreadyInLine, ListClosed, SeatsAreFree, WaitingRoomFirst
from bookings.waiting_list.models import Entry
from shows.models import Show
from shows.waiting_room import services as waiting_room
from tests.support.factories import hall, lapse, make_booking, make_show, make_user
from tests.support.on_sale import admit_now, make_sale
from tests.support.waiting_list import breaches, join, line_of, offer_to, sell_out

pytestmark = pytest.mark.django_db

STATES = Entry.State


class TestJoining:
    def test_is_refused_while_the_party_could_choose_seats_itself(self) -> None:
        show = make_show(hall(1, 2))
        with pytest.raises(SeatsAreFree):
            join(show, seats=2)
        make_booking(show, ["R1-1"])
        join(show, seats=2)
        with pytest.raises(SeatsAreFree):
            join(show, seats=1)
        held = services.hold_seats(user=make_user(), show_id=show.pk, labels=["R1-2"])
        lapse(held)
        with pytest.raises(SeatsAreFree):
            join(show, seats=1)

    def test_offers_to_the_line_first_what_lapsed(self) -> None:
        show = make_show(hall(1, 1))
        held = services.hold_seats(user=make_user(), show_id=show.pk, labels=["R1-1"])
        first = join(show)
        lapse(held)
        second = join(show)
        assert offer_to(first).seats == ["R1-1"]
        assert line_of(show) == [second]

    def test_waits_until_nobody_waits_in_the_waiting_room(self) -> None:
        """So nobody who comes later is asked first, and who was on the list before stays first."""
        show = make_show(hall(1, 1))
        sold = sell_out(show)
        before = join(show)
        sale = make_sale(show)
        with pytest.raises(WaitingRoomFirst):
            join(show)
        admit_now(sale, 0)
        late = join(show)
        waiting_room.join(sale.pk, make_user())
        with pytest.raises(WaitingRoomFirst):
            join(show)
        services.cancel_booking(user=sold.user, reference=sold.reference)
        assert offer_to(before)
        assert admit_now(sale, 1) == 1
        last = join(show)
        assert line_of(show) == [late, last]
        waiting_room.switch_sale(on_sale_id=sale.pk, mode="CLOSED", by=make_user(is_staff=True))
        with pytest.raises(WaitingRoomFirst):
            join(show)

    def test_twice_for_the_same_is_one_place(self) -> None:
        show = make_show(hall(1, 1))
        sell_out(show)
        entry = join(show)
        assert join(show, user=entry.user) == entry
        with pytest.raises(AlreadyInLine):
            join(show, user=entry.user, seats=2)

    def test_is_refused_for_more_seats_than_a_person_may_have(self, settings: Any) -> None:
        settings.MAX_SEATS_PER_SHOW = 2
        show = make_show(hall(1, 1))
        sold = sell_out(show)
        with pytest.raises(TooManySeats):
            join(show, user=sold.user, seats=2)

    def test_is_refused_shortly_before_the_show(self) -> None:
        show = make_show(hall(1, 1), starts_in=timedelta(minutes=29))
        sell_out(show)
        with pytest.raises(ListClosed):
            join(show)


class TestLeaving:
    def test_gives_up_the_place(self) -> None:
        show = make_show(hall(1, 1))
        sold = sell_out(show)
        first, second = join(show), join(show)
        waiting.leave(user=first.user, entry_id=first.pk)
        services.cancel_booking(user=sold.user, reference=sold.reference)
        first.refresh_from_db()
        assert first.state == STATES.LEFT
        assert offer_to(second).is_offer

    def test_with_an_offer_gives_it_to_the_next(self) -> None:
        show = make_show(hall(1, 1))
        sold = sell_out(show)
        first, second = join(show), join(show)
        services.cancel_booking(user=sold.user, reference=sold.reference)
        offer = offer_to(first)
        waiting.leave(user=first.user, entry_id=first.pk)
        first.refresh_from_db()
        offer.refresh_from_db()
        assert (first.state, offer.ended_reason) == (STATES.LEFT, "released")
        assert offer_to(second).is_offer
        assert breaches() == []


class TestShowsThatChange:
    def test_a_cancelled_show_closes_the_list_and_tells_everybody(self) -> None:
        show = make_show(hall(1, 1))
        sold = sell_out(show)
        first, second = join(show), join(show)
        services.cancel_booking(user=sold.user, reference=sold.reference)
        cancel_show(by=make_user(is_staff=True), show_id=show.pk)
        for entry in (first, second):
            entry.refresh_from_db()
            assert entry.state == STATES.CLOSED
            assert Message.objects.get(key=f"waiting-over:{entry.pk}").data["why"] == "cancelled"
        assert breaches() == []

    def test_a_moved_show_keeps_its_line_and_tells_it(self) -> None:
        show = make_show(hall(1, 1))
        sold = sell_out(show)
        entry = join(show)
        move_show(
            by=make_user(is_staff=True),
            show_id=show.pk,
            starts_at=show.starts_at + timedelta(hours=3),
        )
        assert Message.objects.filter(kind="waiting-moved", user=entry.user).count() == 1
        services.cancel_booking(user=sold.user, reference=sold.reference)
        assert offer_to(entry).is_offer

    def test_shortly_before_the_show_nobody_gets_an_offer_and_the_list_is_closed(self) -> None:
        show = make_show(hall(1, 1), starts_in=timedelta(minutes=31))
        sold = sell_out(show)
        entry = join(show)
        Show.objects.filter(pk=show.pk).update(starts_at=show.starts_at - timedelta(minutes=2))
        services.cancel_booking(user=sold.user, reference=sold.reference)
        assert line_of(show) == [entry]
        assert waiting.tend_lists() == 1
        entry.refresh_from_db()
        assert entry.state == STATES.CLOSED
        assert Message.objects.get(key=f"waiting-over:{entry.pk}").data["why"] == "begins-soon"
        assert services.hold_seats(user=make_user(), show_id=show.pk, labels=["R1-1"])

    def test_tending_finds_a_person_whose_account_was_switched_on_again(self) -> None:
        show = make_show(hall(1, 1))
        sold = sell_out(show)
        entry = join(show)
        User.objects.filter(pk=entry.user_id).update(is_active=False)
        services.cancel_booking(user=sold.user, reference=sold.reference)
        assert line_of(show) == [entry]
        User.objects.filter(pk=entry.user_id).update(is_active=True)
        assert waiting.tend_lists() == 1
        assert offer_to(entry).is_offer
