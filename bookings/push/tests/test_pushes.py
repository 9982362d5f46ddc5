"""Push messages about holds and shows: when they are written, what they say, when they are dropped.

Times are the database's: the tests move the bookings, and the clock of this process is wrong.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.db.models import F
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from accounts.outbox import sending
from accounts.outbox.models import Channel, Message, State
from accounts.push.models import Subscription, Topic
from bookings import services
from bookings.models import Booking
from bookings.payments.states import OrderState, PaymentState
from bookings.push import scanners
from bookings.push.scanners import write_hold_ends, write_show_starts
from bookings.show_changes.services import cancel_show, move_show
from bookmyshow.core.time import database_now
from shows.models import Show
from tests.support.factories import make_booking, make_movie, make_show, make_user
from tests.support.money import make_order, make_payment
from tests.support.push_service import PushService, TestBrowser, subscribe

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def wrong_clock() -> Iterator[None]:
    """This process is an hour ahead of the database, but its monotonic clock is right."""
    with time_machine.travel(database_now() + timedelta(hours=1), tick=True):
        yield


@pytest.fixture
def user(db: None) -> User:
    return make_user()


@pytest.fixture
def browser(user: User, push_service: PushService) -> TestBrowser:
    browser = push_service.browser()
    subscribe(user, browser)
    return browser


def held(user: User, *, seconds: float) -> Booking:
    """A hold that ends in `seconds` by the database's clock."""
    show = make_show(movie=make_movie("Her"), starts_in=timedelta(hours=6))
    booking = services.hold_seats(user=user, show_id=show.pk, labels=["C4", "C5"])
    end_in(booking, seconds)
    return booking


def end_in(booking: Booking, seconds: float) -> None:
    Booking.objects.filter(pk=booking.pk).update(
        created_at=F("created_at") - timedelta(minutes=10),
        expires_at=database_now() + timedelta(seconds=seconds),
    )
    booking.refresh_from_db()


def send() -> sending.Sent:
    return sending.send_due(Channel.PUSH)


def pushes() -> Any:
    return Message.objects.filter(channel=Channel.PUSH)


def dropped() -> str:
    message = pushes().get()
    assert message.state == State.DROPPED
    return message.last_error


def test_a_hold_that_ends_in_30_seconds_is_told(
    user: User, browser: TestBrowser, push_service: PushService
) -> None:
    booking = held(user, seconds=30)
    assert write_hold_ends() == 1
    assert write_hold_ends() == 0, "the next look finds the same hold"
    assert send().sent == 1
    (received,) = push_service.received
    assert received.message == {
        "title": "30 seconds left for your seats",
        "body": "Her: C4, C5",
        "url": f"/bookings/{booking.reference}/",
        "tag": f"hold-{booking.pk}",
    }
    assert received.headers["urgency"] == "high"
    assert 20 <= received.ttl <= 30, "the push service drops it at the end of the hold"


def test_it_is_due_between_35_and_25_seconds_before_the_end(
    user: User, browser: TestBrowser, push_service: PushService
) -> None:
    booking = held(user, seconds=44)
    assert write_hold_ends() == 1
    assert send().sent == 0, "too early"
    message = pushes().get()
    # The outbox keeps milliseconds.
    assert timedelta(seconds=15) <= booking.expires_at - message.expires_at < timedelta(seconds=16)
    left = booking.expires_at - message.next_try_at
    # The next run of the sender comes within 5 s.
    assert timedelta(seconds=30) <= left <= timedelta(seconds=35)


@pytest.mark.parametrize("seconds", [3, 19, 46, 119])
def test_other_holds_are_not_told(
    seconds: int, user: User, browser: TestBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking = held(user, seconds=seconds)
    # The look comes at the moment from which the seconds count, however busy the machine is.
    look = booking.expires_at - timedelta(seconds=seconds)
    monkeypatch.setattr(scanners, "database_now", lambda: look)
    assert write_hold_ends() == 0


def test_a_message_that_could_not_be_sent_in_time_is_dropped(
    user: User, browser: TestBrowser, push_service: PushService
) -> None:
    held(user, seconds=30)
    write_hold_ends()
    pushes().update(expires_at=database_now() - timedelta(seconds=1))
    assert send().dropped == 1
    assert push_service.requests == 0


def test_only_people_who_chose_it_are_told(user: User, push_service: PushService) -> None:
    subscribe(user, push_service.browser(), Topic.SHOW, Topic.MOVED)
    held(user, seconds=30)
    held(make_user(), seconds=30)
    assert write_hold_ends() == 0


def test_a_hold_that_was_let_go_meanwhile_is_not_told(user: User, browser: TestBrowser) -> None:
    booking = held(user, seconds=30)
    write_hold_ends()
    services.release_hold(user=user, reference=booking.reference)
    assert send().dropped == 1
    assert dropped() == "The hold is over."


def test_a_hold_of_another_person_now_is_not_told_to_the_former(
    user: User, browser: TestBrowser
) -> None:
    """A guest's hold moves to the account at the log-in."""
    booking = held(user, seconds=30)
    write_hold_ends()
    Booking.objects.filter(pk=booking.pk).update(user=make_user())
    assert send().dropped == 1


def test_a_hold_that_is_extended_is_told_before_its_new_end(
    user: User, browser: TestBrowser, push_service: PushService
) -> None:
    booking = held(user, seconds=30)
    assert write_hold_ends() == 1
    end_in(booking, 300)
    assert send().dropped == 1
    assert dropped() == "The hold has another end."
    assert write_hold_ends() == 0
    end_in(booking, 30)
    assert write_hold_ends() == 1
    assert send().sent == 1
    assert len(push_service.received) == 1


def test_while_a_buyer_pays_the_time_to_pay_counts(
    user: User, browser: TestBrowser, push_service: PushService
) -> None:
    booking = held(user, seconds=50)
    order = make_order(booking, state=OrderState.OPEN)
    order.pay_until = database_now() + timedelta(seconds=30)
    order.save()
    assert write_hold_ends() == 1
    assert send().sent == 1
    assert push_service.received[0].message["title"] == "30 seconds left to pay"
    assert push_service.received[0].ttl <= 30
    end_in(booking, 30)
    assert write_hold_ends() == 0, "the end of the hold comes 20 s later, and is not told again"


def test_who_has_paid_is_not_told_to_hurry(user: User, browser: TestBrowser) -> None:
    booking = held(user, seconds=50)
    order = make_order(booking, state=OrderState.OPEN)
    order.pay_until = database_now() + timedelta(seconds=30)
    order.save()
    write_hold_ends()
    make_payment(order, PaymentState.AUTHORISED)
    assert send().dropped == 1
    assert dropped() == "The seats are paid for."


def test_a_look_at_holds_is_three_statements_however_many_there_are(
    user: User, browser: TestBrowser, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(5):
        held(user, seconds=30)
    # The clock, holds, browsers, messages; and the two of the transaction.
    with django_assert_max_num_queries(6):
        assert write_hold_ends() == 5


def test_a_look_at_holds_reads_an_index_of_holds(user: User, browser: TestBrowser) -> None:
    """Bookings that are not held are not read, however many there are. In a nearly empty table one
    index of holds is as good as another."""
    held(user, seconds=30)
    statements: list[Any] = []
    with connection.execute_wrapper(lambda *call: noted(statements, *call)):
        write_hold_ends()
    (look,) = (each for each in statements if "expires_at" in each[0] and "SELECT" in each[0][:10])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {look[0]}", look[1])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert re.search("booking_(hold_expiry|holds_of_show|one_hold_per)", plan), plan
    assert "Seq Scan on bookings_booking" not in plan


def noted(statements: list[Any], execute: Any, sql: str, params: Any, many: bool, ctx: Any) -> Any:
    statements.append((sql, params))
    return execute(sql, params, many, ctx)


def ticket(user: User, *, starts_in: timedelta, bought: timedelta) -> Booking:
    """A ticket of a show `starts_in` from now, bought this long ago, by the database's clock."""
    show = make_show(movie=make_movie("Her"), starts_in=timedelta(hours=6))
    booking = make_booking(show, ["C4", "C5"], user=user)
    starts_at = database_now() + starts_in
    Show.objects.filter(pk=show.pk).update(
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
        busy_until=starts_at + timedelta(hours=3),
    )
    then = database_now() - bought
    Booking.objects.filter(pk=booking.pk).update(
        created_at=then - timedelta(minutes=1),
        confirmed_at=then,
        expires_at=then + timedelta(minutes=1),
    )
    Subscription.objects.update(created_at=database_now() - timedelta(days=1))
    booking.refresh_from_db()
    return booking


JUST_DUE = timedelta(hours=2) - timedelta(seconds=30)


def test_a_show_that_starts_in_two_hours_is_told(
    user: User, browser: TestBrowser, push_service: PushService
) -> None:
    booking = ticket(user, starts_in=JUST_DUE, bought=timedelta(hours=1))
    assert write_show_starts() == 1
    assert write_show_starts() == 0
    assert send().sent == 1
    (received,) = push_service.received
    start = booking.show.local_start
    assert received.message["title"] == f"Her starts at {start:%H:%M}"
    assert received.message["body"].endswith(f"{booking.show.screen.name}: C4, C5")
    assert 7100 <= received.ttl <= 7200
    assert user.name not in str(received.message)


@pytest.mark.parametrize(
    ("starts_in", "bought"),
    [
        (timedelta(hours=3), timedelta(hours=1)),
        (timedelta(minutes=100), timedelta(hours=1)),
        (JUST_DUE, timedelta(seconds=5)),
    ],
    ids=["later", "a pause of beat was long", "bought within the two hours"],
)
def test_other_tickets_are_not_told(
    starts_in: timedelta, bought: timedelta, user: User, browser: TestBrowser
) -> None:
    ticket(user, starts_in=starts_in, bought=bought)
    assert write_show_starts() == 0


def test_who_subscribes_within_the_two_hours_is_not_told(
    user: User, push_service: PushService
) -> None:
    ticket(user, starts_in=JUST_DUE, bought=timedelta(hours=1))
    subscribe(user, push_service.browser())
    assert write_show_starts() == 0


def test_a_ticket_that_was_cancelled_meanwhile_is_not_told(
    user: User, browser: TestBrowser
) -> None:
    booking = ticket(user, starts_in=JUST_DUE, bought=timedelta(hours=1))
    write_show_starts()
    services.cancel_booking(user=user, reference=booking.reference)
    assert send().dropped == 1


def test_a_moved_show_is_told_with_both_times(
    user: User, browser: TestBrowser, push_service: PushService
) -> None:
    show = make_show(movie=make_movie("Her"), starts_in=timedelta(hours=26))
    make_booking(show, ["C4"], user=user)
    make_booking(show, ["C5"], user=user)
    make_booking(show, ["C6"])
    before = show.local_start
    staff = make_user(is_superuser=True)
    move_show(by=staff, show_id=show.pk, starts_at=show.starts_at + timedelta(hours=1))
    assert pushes().count() == 1, "one for a person, not for each ticket"
    assert send().sent == 1
    (message,) = push_service.messages_to(browser)
    assert message["title"] == "Her was moved"
    assert f"{before + timedelta(hours=1):%H:%M}, not " in message["body"]
    assert f"{before:%H:%M}" in message["body"]
    assert message["tag"] == f"show-{show.pk}"


def test_a_show_that_is_moved_away_and_back_is_told_each_time(
    user: User, browser: TestBrowser, push_service: PushService
) -> None:
    show = make_show(starts_in=timedelta(hours=26))
    make_booking(show, ["C4"], user=user)
    staff, first = make_user(is_superuser=True), show.starts_at
    for _ in range(2):
        for starts_at in (first + timedelta(hours=1), first):
            move_show(by=staff, show_id=show.pk, starts_at=starts_at)
            assert send().sent == 1
    assert len(push_service.received) == 4


def test_only_the_last_of_two_quick_moves_is_told(
    user: User, browser: TestBrowser, push_service: PushService
) -> None:
    show = make_show(starts_in=timedelta(hours=26))
    make_booking(show, ["C4"], user=user)
    staff = make_user(is_superuser=True)
    for hours in (1, 2):
        move_show(by=staff, show_id=show.pk, starts_at=show.starts_at + timedelta(hours=hours))
    done = send()
    assert (done.sent, done.dropped) == (1, 1)


def test_a_cancelled_show_is_told(
    user: User, browser: TestBrowser, push_service: PushService
) -> None:
    show = make_show(movie=make_movie("Her"), starts_in=timedelta(hours=26))
    booking = make_booking(show, ["C4"], user=user)
    cancel_show(by=make_user(is_superuser=True), show_id=show.pk, why="a secret reason")
    assert send().sent == 1
    (message,) = push_service.messages_to(browser)
    assert message["title"] == "Her is cancelled"
    assert message["url"] == booking.get_absolute_url()
    assert "secret" not in str(message)


def test_a_long_title_does_not_push_the_time_out_of_sight(
    user: User, browser: TestBrowser, push_service: PushService
) -> None:
    booking = ticket(user, starts_in=JUST_DUE, bought=timedelta(hours=1))
    booking.show.movie.title = "é" * 200
    booking.show.movie.save()
    write_show_starts()
    assert send().sent == 1
    title = push_service.received[0].message["title"]
    assert title.endswith(f"é… starts at {booking.show.local_start:%H:%M}")
    assert len(title) < 80
