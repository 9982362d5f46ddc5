"""Moves of holds at the same time as holds, confirmations and payments."""

import random
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import User
from bookings import services
from bookings.errors import BookingError, BookingNotFound, ShowBusy, TooManyHolds
from bookings.guests.moving import Moved, move_holds
from bookings.models import Booking
from bookings.payments.models import Order, Payment
from bookings.payments.orders.closing import close_finished_orders
from bookings.payments.settlement.observe import observe
from bookings.payments.states import OrderState, PaymentState
from bookmyshow.core.time import database_now
from shows.models import Show
from tests.support.factories import make_guest, make_show, make_user
from tests.support.paying import assert_conserved, order_of, press, seen, status_of
from tests.support.races import assert_sold_once, at_once, meeting
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 6


def hold(user: User, show: Show, *labels: str) -> Booking:
    return services.hold_seats(user=user, show_id=show.pk, labels=labels)


def test_a_move_waits_for_the_hold_that_the_person_makes_at_the_show() -> None:
    """Staff: their holds have no limits, so only the show's lock makes them wait."""
    show, clerk, guest = make_show(), make_user(is_staff=True), make_guest()
    held = hold(guest, show, "A1")
    moved = meeting(lambda: hold(clerk, show, "B1"), lambda: move_holds(guest=guest, to=clerk))
    assert isinstance(moved, Moved), repr(moved)
    assert moved.holds == [held]
    assert [own.seats for own in moved.swapped] == [["B1"]]
    assert_sold_once(show)


def test_a_hold_waits_for_the_move_and_swaps_what_was_moved() -> None:
    show, user, guest = make_show(), make_user(), make_guest()
    held = hold(guest, show, "A1")
    new = meeting(lambda: move_holds(guest=guest, to=user), lambda: hold(user, show, "B1"))
    assert isinstance(new, Booking), repr(new)
    held.refresh_from_db()
    assert (held.user, held.ended_reason) == (user, "swapped")
    assert new.expires_at == held.expires_at
    assert_sold_once(show)


def test_a_hold_elsewhere_and_a_move_at_once_cannot_exceed_the_limit(settings: Settings) -> None:
    settings.MAX_HOLDS = 1
    user, guest = make_user(), make_guest()
    hold(guest, make_show(), "A1")
    elsewhere = make_show()
    moved = meeting(lambda: hold(user, elsewhere, "A1"), lambda: move_holds(guest=guest, to=user))
    assert isinstance(moved, Moved), repr(moved)
    assert [type(refused.why) for refused in moved.refused] == [TooManyHolds]
    assert Booking.objects.filter(user=user, status="PENDING").count() == 1


def test_two_log_ins_at_once_move_the_hold_once() -> None:
    show, guest, people = make_show(), make_guest(), [make_user(), make_user()]
    hold(guest, show, "A1")
    found = at_once(lambda number: move_holds(guest=guest, to=people[number]), 2)
    assert sorted(len(moved.holds) for moved in found if isinstance(moved, Moved)) == [0, 1]
    assert_sold_once(show)


def test_two_guests_race_for_a_seat_and_one_has_it_after_the_log_in() -> None:
    show, guests, people = make_show(), [make_guest(), make_guest()], [make_user(), make_user()]

    def hold_and_log_in(number: int) -> Moved:
        try:
            hold(guests[number], show, "A1", f"B{number + 1}")
        finally:
            moved = move_holds(guest=guests[number], to=people[number])
        return moved

    found = at_once(hold_and_log_in, 2)
    assert sum(isinstance(moved, Moved) and len(moved.holds) == 1 for moved in found) == 1, found
    assert Booking.objects.get(status="PENDING").user in people
    assert_sold_once(show)


def test_a_confirmation_that_waits_for_the_move_finds_nothing_of_the_guest() -> None:
    show, user, guest = make_show(), make_user(), make_guest()
    held = hold(guest, show, "A1")
    outcome = meeting(
        lambda: move_holds(guest=guest, to=user),
        lambda: services.confirm_booking(user=guest, reference=held.reference),
    )
    assert isinstance(outcome, BookingNotFound), repr(outcome)
    assert services.confirm_booking(user=user, reference=held.reference).user_id == user.pk


def test_a_move_that_waits_for_the_confirmation_leaves_the_ticket_alone() -> None:
    show, user, guest = make_show(), make_user(), make_guest()
    held = hold(guest, show, "A1")
    moved = meeting(
        lambda: services.confirm_booking(user=guest, reference=held.reference),
        lambda: move_holds(guest=guest, to=user),
    )
    assert isinstance(moved, Moved), repr(moved)
    assert moved.holds == []
    held.refresh_from_db()
    assert (held.status, held.user) == ("CONFIRMED", guest)


def test_a_hold_that_lapses_while_the_move_waits_stays_the_guests() -> None:
    """The clock is read after the locks."""
    show, user, guest = make_show(), make_user(), make_guest()
    held = hold(guest, show, "A1")
    rows = Booking.objects.filter(pk=held.pk)

    def lock_the_hold() -> Callable[[], None]:
        ends = database_now() + timedelta(seconds=2)
        # Committed on a connection of its own, before the lock is taken here.
        at_once(lambda _: rows.update(expires_at=ends), 1)
        rows.select_for_update(no_key=True).get()

        def wait_until_it_lapsed() -> None:
            while database_now() <= ends:
                time.sleep(0.01)

        return wait_until_it_lapsed

    moved = meeting(lock_the_hold, lambda: move_holds(guest=guest, to=user))
    assert isinstance(moved, Moved), repr(moved)
    assert moved.holds == []
    held.refresh_from_db()
    assert held.user == guest


def test_a_release_that_waits_for_the_move_finds_nothing_of_the_guest() -> None:
    show, user, guest = make_show(), make_user(), make_guest()
    held = hold(guest, show, "A1")
    outcome = meeting(
        lambda: move_holds(guest=guest, to=user),
        lambda: services.release_hold(user=guest, reference=held.reference),
    )
    assert isinstance(outcome, BookingNotFound), repr(outcome)
    assert status_of(held) == "PENDING"


@pytest.fixture
def paying(sandbox: Sandbox) -> tuple[User, Booking]:
    """A guest with a hold of two seats."""
    guest = make_guest("anna@example.com", name="Anna")
    return guest, hold(guest, make_show(), "A1", "A2")


def test_who_logs_in_while_paying_gets_the_ticket(
    sandbox: Sandbox, paying: tuple[User, Booking]
) -> None:
    guest, held = paying
    user = make_user()
    checkout = press(held)
    assert move_holds(guest=guest, to=user).holds == [held]
    sandbox.pay(checkout.payment.reference)
    assert seen(checkout).state == PaymentState.CAPTURED
    held.refresh_from_db()
    order = order_of(checkout)
    assert (held.status, held.user) == ("CONFIRMED", user)
    assert (order.state, order.user, order.email) == (OrderState.PAID, user, user.email)
    assert_conserved(sandbox)


def test_money_that_comes_while_the_hold_moves_is_for_the_new_owner(
    sandbox: Sandbox, paying: tuple[User, Booking]
) -> None:
    guest, held = paying
    user = make_user()
    checkout = press(held)
    sandbox.pay(checkout.payment.reference)
    payment = meeting(lambda: move_holds(guest=guest, to=user), lambda: seen(checkout))
    assert isinstance(payment, Payment), repr(payment)
    assert payment.state == PaymentState.CAPTURED
    held.refresh_from_db()
    assert (held.status, held.user, order_of(checkout).user) == ("CONFIRMED", user, user)
    assert_conserved(sandbox)


def test_a_guest_who_presses_pay_while_the_hold_moves_orders_nothing(
    sandbox: Sandbox, paying: tuple[User, Booking]
) -> None:
    guest, held = paying
    user = make_user()
    outcome = meeting(lambda: move_holds(guest=guest, to=user), lambda: press(held))
    assert isinstance(outcome, BookingNotFound), repr(outcome)
    assert not Order.objects.exists()


def test_money_for_the_hold_that_was_swapped_goes_back(
    sandbox: Sandbox, paying: tuple[User, Booking]
) -> None:
    """The person pays for one hold, and logs in in a browser that chose other seats."""
    guest, held = paying
    user = make_user()
    own = hold(user, held.show, "B1")
    checkout = press(own)
    assert move_holds(guest=guest, to=user).swapped == [own]
    sandbox.pay(checkout.payment.reference)
    assert seen(checkout).surplus or seen(checkout).state in {
        PaymentState.CANCELLED,
        PaymentState.VOIDED,
    }
    assert status_of(own) == "FAILED"
    assert status_of(held) == "PENDING"
    assert_conserved(sandbox)


class Crowd:
    """A guest and a person who hold at the same two shows, and all that can happen to them."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.shows = [make_show(), make_show()]
        self.guest, self.user = make_guest("anna@example.com", name="Anna"), make_user()
        self.held = [hold(self.guest, show, "A1", "A2") for show in self.shows]
        self.own = [hold(self.user, show, "B1") for show in self.shows]
        self.checkouts = [press(self.held[0]), press(self.own[1])]

    def acts(self, chance: random.Random) -> list[Callable[[], object]]:
        number = chance.randrange(2)
        show, held, own = self.shows[number], self.held[number], self.own[number]
        return [
            self.move,
            self.move,
            lambda: hold(self.user, show, "C1"),
            lambda: hold(self.guest, show, "D2"),
            lambda: hold(make_guest(), show, "A1", "E1"),
            lambda: press(held),
            lambda: press(own),
            lambda: self.sandbox.pay(self.checkouts[number].payment.reference),
            lambda: seen(self.checkouts[0]),
            lambda: seen(self.checkouts[1]),
            lambda: services.release_hold(user=self.user, reference=own.reference),
            lambda: services.confirm_booking(user=self.guest, reference=held.reference),
            services.sweep_lapsed_holds,
        ]

    def move(self) -> object:
        return move_holds(guest=self.guest, to=self.user)

    def settle(self) -> None:
        """Until nothing is due any more, as the reconciler does."""
        for _ in range(5):
            for payment in Payment.objects.all():
                observe(payment.pk)
            close_finished_orders()


@pytest.mark.parametrize("number", range(ROUNDS))
def test_moves_holds_and_payments_at_once_do_not_deadlock(
    sandbox: Sandbox, settings: Settings, number: int
) -> None:
    chance = random.Random(number)
    crowd = Crowd(sandbox)
    acts: list[Callable[[], Any]] = crowd.acts(chance)
    chance.shuffle(acts)
    for outcome in at_once(lambda act: acts[act](), len(acts)):
        # The sandbox refuses to pay what is ended or paid (ValueError).
        expected = not isinstance(outcome, Exception) or isinstance(
            outcome, BookingError | ShowBusy | ValueError
        )
        assert expected, repr(outcome)
    crowd.settle()
    assert_conserved(sandbox)
    for order in Order.objects.filter(state__in=[OrderState.OPEN, OrderState.PAID]):
        assert order.user_id == order.booking.user_id
