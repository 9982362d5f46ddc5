"""A change and its line in the audit log are one transaction: without the line, no change."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import NamedTuple
from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.db import DatabaseError, IntegrityError, connection
from django.db.models import Model
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import RecoveryCode, User
from accounts.outbox.models import Message
from accounts.outbox.services import mark_handled, send_again, write
from accounts.privacy.services import anonymise, export_for
from accounts.two_factor import services as two_factor
from bookings.after_sale.services import Back, cancel_for_customer
from bookings.counter import cash_up
from bookings.counter import services as counter
from bookings.counter.cash_up import Count
from bookings.counter.models import CashUp
from bookings.door import services as door
from bookings.mails.send_again import send_again_for_customer
from bookings.models import Admission, Booking
from bookings.payments.models import Order, Payment, Refund
from bookings.payments.staff.payment_decisions import check_soon, close_review
from bookings.payments.staff.refund_decisions import refund_order, retry, send_now
from bookings.show_changes.services import cancel_show, move_show
from bookings.waiting_list.models import Entry
from bookings.waiting_list.services import remove
from bookmyshow.core.time import business_day
from movies.models import Movie
from movies.services import MovieFacts, create_movie, delete_movie, replace_movie
from shows import services as schedule
from shows.models import Cinema, Screen, Seat, Show
from shows.seating.services import use_imported_plan
from shows.tell_me import services as tell_me
from shows.tell_me.models import FilmWish
from shows.waiting_room import services as on_sales
from shows.waiting_room.models import OnSale
from tests.support.factories import hall, make_booking, make_movie, make_show, make_user
from tests.support.money import (
    make_order,
    make_paid_booking,
    make_payment,
    make_refund,
    take_at_counter,
)
from tests.support.waiting_list import join, sell_out

pytestmark = pytest.mark.django_db(transaction=True)
MODELS: tuple[type[Model], ...] = (
    Admission,
    Booking,
    CashUp,
    Cinema,
    Entry,
    LogEntry,
    Message,
    Movie,
    OnSale,
    Order,
    Payment,
    RecoveryCode,
    Refund,
    Screen,
    Seat,
    Show,
    TOTPDevice,
    FilmWish,
    User,
)


class World(NamedTuple):
    """The objects to change, and an author (`nobody`) whose audit line the database refuses."""

    show: Show
    sold: Show
    unshown: Movie
    staff: User
    nobody: User
    booking: Booking
    payment: Payment
    refund: Refund
    failed: Refund
    due: Refund

    @property
    def cinema(self) -> Cinema:
        return self.booking.show.screen.cinema


@pytest.fixture
def world() -> World:
    show = make_show()
    sold = make_show(starts_at=show.starts_at + timedelta(days=1))
    make_booking(sold, ["A1"])
    counter_show = make_show(starts_at=show.starts_at + timedelta(days=2))
    booking = make_booking(counter_show, ["A1"])
    staff = User.objects.create_superuser("ira@example.com", "velvet-curtain-7", name="Ira")
    TOTPDevice.objects.create(user=staff, name="app", key="00" * 20)
    nobody = User(pk=10**9, email="nobody@x.in")
    taken, owed = (
        Payment.objects.get(order__booking=make_paid_booking(counter_show, [label]))
        for label in ("B1", "C1")
    )
    refund = make_refund(owed, owed.captured, state=Refund.State.MANUAL, next_try_at=None)
    order = make_order(make_booking(counter_show, ["D1"]), state=Order.State.PAID)
    online = make_payment(order, Payment.State.CAPTURED, review="The amount differs")
    failed = make_refund(online, 100, state=Refund.State.FAILED)
    due = make_refund(online, 200)
    sell_out(full := make_show(hall(1, 1), starts_at=show.starts_at + timedelta(days=4)))
    join(full)
    opens_at = timezone.now() + timedelta(hours=1)
    OnSale.objects.create(
        show=full,
        mode="OFF",
        prequeue_from=opens_at,
        opens_at=opens_at,
        rate=1,
        active_cap=1,
        scheduled_by=staff,
    )
    write("password-changed", key="1", user=staff)
    unshown = make_movie("Unshown")
    tell_me.ask(user=make_user("asked@example.com"), movie=unshown)
    return World(show, sold, unshown, staff, nobody, booking, taken, refund, failed, due)


def some_message(world: World) -> Message:
    return Message.objects.filter(kind="password-changed").get()


def schedule_another(world: World) -> object:
    show = world.show
    return schedule.create_show(
        movie=show.movie,
        screen=show.screen,
        starts_at=show.starts_at + timedelta(days=3),
        standard_price=show.standard_price,
        premium_price=show.premium_price,
        by=world.nobody,
    )


CHANGES: dict[str, Callable[[World], object]] = {
    "take a person off the waiting list": lambda w: remove(
        by=w.nobody, entry_id=Entry.objects.get().pk
    ),
    "add a film": lambda w: create_movie(MovieFacts(title="New"), by=w.nobody),
    "replace a film": lambda w: replace_movie(w.unshown, MovieFacts(title="X"), by=w.nobody),
    "delete a film": lambda w: delete_movie(w.unshown, by=w.nobody),
    "archive a film": lambda w: schedule.archive_movie(w.unshown, by=w.nobody, at=timezone.now()),
    "restore a film": lambda w: schedule.restore_movie(w.unshown, by=w.nobody),
    "restore a cinema": lambda w: schedule.restore_cinema(w.show.screen.cinema, by=w.nobody),
    "add a show": schedule_another,
    "delete a show": lambda w: schedule.delete_show(show=w.show, by=w.nobody),
    "cancel a show": lambda w: cancel_show(by=w.nobody, show_id=w.sold.pk),
    "move a show": lambda w: move_show(
        by=w.nobody, show_id=w.sold.pk, starts_at=w.sold.starts_at + timedelta(hours=1)
    ),
    "import a plan": lambda w: use_imported_plan(screen=w.show.screen, text="A ss", by=w.nobody),
    "anonymise a person": lambda w: anonymise(
        by=w.nobody, person=User.objects.get(email="asked@example.com"), reason="a letter"
    ),
    "export a person's data": lambda w: export_for(
        by=w.nobody, person=User.objects.get(email="asked@example.com"), reason="a letter"
    ),
    "send a message again": lambda w: send_again(some_message(w), by=w.nobody),
    "mark a message as handled": lambda w: mark_handled(
        some_message(w), by=w.nobody, reason="called"
    ),
    "change an on-sale": lambda w: on_sales.change_sale(
        on_sale_id=OnSale.objects.get().pk, by=w.nobody, rate=2
    ),
    "switch an on-sale": lambda w: on_sales.switch_sale(
        on_sale_id=OnSale.objects.get().pk, mode="CLOSED", by=w.nobody
    ),
    "take an app away": lambda w: two_factor.forget_device(user=w.staff, by=w.nobody),
}


# Some of their rows name the author, so the line is refused by a trigger, and the author exists.
MONEY: dict[str, Callable[[World], object]] = {
    "take money": lambda w: take_at_counter(w.staff, w.booking),
    "undo a payment": lambda w: counter.undo_payment(by=w.staff, payment_id=w.payment.uuid),
    "hand money back": lambda w: counter.hand_back(by=w.staff, refund_id=w.refund.uuid),
    "count a drawer": lambda w: cash_up.declare(
        by=w.staff,
        cinema=w.cinema,
        clerk=w.staff,
        day=business_day(timezone.now(), w.cinema.tz),
        count=Count(opening=0, counted=0),
    ),
    "let in who has not paid": lambda w: door.admit(
        by=w.staff, ticket=w.booking.reference, show_id=w.booking.show_id, unpaid=True
    ),
    "cancel a show that was paid": lambda w: cancel_show(by=w.staff, show_id=w.booking.show_id),
    "cancel one booking": lambda w: cancel_for_customer(
        by=w.staff, booking_id=w.payment.order.booking_id, back=Back.EVERYTHING, reason="ill"
    ),
    "send a ticket again": lambda w: send_again_for_customer(
        by=w.staff, booking_id=w.booking.pk, form=uuid4()
    ),
    "give money back": lambda w: refund_order(by=w.staff, order=w.payment.order, reason="ill"),
    "try a refund again": lambda w: retry(w.failed, by=w.staff),
    "send a refund now": lambda w: send_now(w.due, by=w.staff),
    "check a payment": lambda w: check_soon(w.failed.payment, by=w.staff, reason="asked"),
    "schedule an on-sale": lambda w: on_sales.schedule_sale(
        movie=w.unshown,
        opens_at=timezone.now(),
        prequeue_from=timezone.now() - timedelta(hours=1),
        rate=1,
        active_cap=1,
        by=w.staff,
    ),
    "close a review": lambda w: close_review(w.failed.payment, by=w.staff, reason="looked"),
}
REFUSE_LINES = """
    CREATE FUNCTION no_line() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'no line'; END $$;
    CREATE TRIGGER no_line BEFORE INSERT ON django_admin_log
        FOR EACH ROW EXECUTE FUNCTION no_line();
"""
ACCEPT_LINES = "DROP TRIGGER no_line ON django_admin_log; DROP FUNCTION no_line()"


@pytest.fixture
def no_lines() -> Iterator[None]:
    """The database refuses every line of the audit log."""
    with connection.cursor() as cursor:
        cursor.execute(REFUSE_LINES)
        yield
        cursor.execute(ACCEPT_LINES)


def rows() -> dict[str, list[object]]:
    return {
        model.__name__: list(model._default_manager.order_by("pk").values()) for model in MODELS
    }


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_no_change_without_its_line(change: Callable[[World], object], world: World) -> None:
    before = rows()
    with pytest.raises(IntegrityError, match="django_admin_log"):
        change(world)
    assert rows() == before


@pytest.mark.usefixtures("no_lines")
@pytest.mark.parametrize("change", MONEY.values(), ids=list(MONEY))
def test_no_money_moves_without_its_line(change: Callable[[World], object], world: World) -> None:
    before = rows()
    with pytest.raises(DatabaseError, match="no line"):
        change(world)
    assert rows() == before


def test_a_reset_by_command_is_on_record(world: World) -> None:
    two_factor.reset(user=world.staff)
    line = LogEntry.objects.get()
    assert (line.user_id, line.object_id) == (world.staff.pk, str(world.staff.pk))
    assert "reset_two_factor" in line.change_message
