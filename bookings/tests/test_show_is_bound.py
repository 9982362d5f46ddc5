"""Each statement of the hot paths names its show (docs/decisions/0023-keys-with-the-show.md).

The paths run for real, and every statement is recorded. Then PostgreSQL plans each of them: the
plan shows for each table whether its rows are found by the show. So a join that passes the show on
counts, as it does for Citus.

Before the first lock of a transaction, a statement may look for something in all shows. After it,
none may: that would need two servers under a lock.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from bookings import services
from bookings.door.services import admit, undo_admission
from bookings.errors import BookingNotFound, SeatsUnavailable
from bookings.models import Booking
from bookings.payments.providers.base import Remote, RemoteState
from bookings.payments.reconciling import undecided_payments
from bookings.payments.refunds import queue as refund_queue
from bookings.payments.settlement.case import Answer
from bookings.payments.settlement.decision import apply
from bookings.payments.states import PaymentState
from bookings.sweep import sweep_show
from bookings.waiting_list.models import Entry
from bookmyshow.core.db.in_show import OfShow
from shows.models import Show
from shows.seatmap.current import read
from tests.support.factories import make_booking, make_show, make_user
from tests.support.money import make_order, make_payment, make_refund

pytestmark = pytest.mark.django_db

TABLES = {
    Show._meta.db_table: "id",
    **{m._meta.db_table: "show_id" for m in apps.get_models() if issubclass(m, OfShow)},
}
LOCKS = re.compile(r"FOR (NO KEY )?UPDATE|\b(INSERT INTO|UPDATE|DELETE FROM) \"?(\w+)")
CONDITIONS = ("Index Cond", "Filter", "Recheck Cond", "Join Filter", "Hash Cond")


class Said(NamedTuple):
    """A statement, and whether its transaction had locked rows of a show before it."""

    sql: str
    values: Any
    is_under_lock: bool


@contextmanager
def recorded() -> Iterator[list[Said]]:
    """The statements of the block. A savepoint is a transaction: a test's own is around it."""
    said: list[Said] = []
    depth, is_under_lock = 0, False

    def note(execute: Any, sql: str, values: Any, many: bool, context: Any) -> Any:
        nonlocal depth, is_under_lock
        word = sql.split(maxsplit=1)[0].upper()
        if word in {"SAVEPOINT", "RELEASE", "ROLLBACK"}:
            depth += 1 if word == "SAVEPOINT" else -1 if word == "RELEASE" else 0
            is_under_lock = is_under_lock and depth > 0
        elif word in {"SELECT", "WITH", "INSERT", "UPDATE", "DELETE"}:
            said.append(Said(sql, values, is_under_lock))
            if depth and LOCKS.search(sql) and any(table in sql for table in TABLES):
                is_under_lock = True
        return execute(sql, values, many, context)

    with connection.execute_wrapper(note):
        yield said


def reads_all_shows(said: Said, show: int) -> set[str]:
    """The tables that the statement reads or changes without naming the show."""
    if not any(table in said.sql for table in TABLES):
        return set()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON, VERBOSE) {said.sql}", said.values)
        (plans,) = cursor.fetchone()
    plans = json.loads(plans) if isinstance(plans, str) else plans
    return {table for plan in plans for table in _unbound(plan["Plan"], show)}


def _unbound(node: dict[str, Any], show: int) -> Iterator[str]:
    for child in node.get("Plans", ()):
        yield from _unbound(child, show)
    table = node.get("Relation Name", "")
    if table not in TABLES or node["Node Type"] == "ModifyTable":
        return
    conditions = " ".join(str(node.get(name, "")) for name in CONDITIONS)
    value = rf"(= '?{show}'?(::bigint)?|= ANY \('\{{{show}\}}')"
    if not re.search(rf"\b{TABLES[table]} {value}", conditions):
        yield table


def check(said: list[Said], show: int, *, look_ups: int = 0) -> None:
    """Assert that each statement names the show; `look_ups` others may come before any lock."""
    assert any(table in s.sql for s in said for table in TABLES), "nothing was recorded"
    found = [(s, tables) for s in said if (tables := reads_all_shows(s, show))]
    under_lock = [(tables, s.sql) for s, tables in found if s.is_under_lock]
    assert under_lock == []
    assert len(found) <= look_ups, [(tables, s.sql) for s, tables in found]


def hold(user: User, show: Show, *labels: str, key: str | None = None) -> Booking:
    return services.hold_seats(
        user=user, show_id=show.pk, labels=labels, idempotency_key=key, held_from="net"
    )


def lapse(booking: Booking) -> None:
    past = timezone.now() - timedelta(minutes=1)
    Booking.objects.filter(pk=booking.pk).update(
        created_at=past - timedelta(minutes=2), expires_at=past
    )


def test_a_hold_of_free_seats_names_its_show() -> None:
    show = make_show()
    with recorded() as said:
        hold(make_user(), show, "A1", "A2", key="k")
    # What the person has at other shows is read before the show is locked.
    check(said, show.pk, look_ups=1)


def test_a_hold_that_is_refused_names_its_show() -> None:
    show = make_show()
    hold(make_user(), show, "A1")
    with recorded() as said, pytest.raises(SeatsUnavailable):
        hold(make_user(), show, "A1")
    check(said, show.pk, look_ups=2)


def test_a_swap_and_a_hold_of_lapsed_seats_name_their_show() -> None:
    show, user = make_show(), make_user()
    lapse(hold(make_user(), show, "A1"))
    hold(user, show, "A2")
    with recorded() as said:
        assert hold(user, show, "A1", key="k").seats == ["A1"]
    check(said, show.pk, look_ups=2)


def test_a_hold_by_staff_names_its_show() -> None:
    show = make_show()
    with recorded() as said:
        hold(make_user(is_staff=True), show, "A1")
    check(said, show.pk)


@pytest.mark.parametrize("is_proved", [True, False])
def test_a_confirmation_names_its_show(is_proved: bool) -> None:
    show = make_show()
    user = make_user(email_confirmed_at=timezone.now() if is_proved else None)
    booking = hold(user, show, "A1")
    with recorded() as said:
        services.confirm_booking(user=user, reference=booking.reference, show_id=show.pk)
    # The seats of a person with an unproved address are counted at all shows.
    check(said, show.pk, look_ups=0 if is_proved else 1)


def test_a_confirmation_that_does_not_know_its_show_looks_it_up() -> None:
    show, user = make_show(), make_user(email_confirmed_at=timezone.now())
    booking = hold(user, show, "A1")
    with recorded() as said:
        services.confirm_booking(user=user, reference=booking.reference)
    check(said, show.pk, look_ups=1)
    with pytest.raises(BookingNotFound):
        services.confirm_booking(user=user, reference=booking.reference, show_id=make_show().pk)


@pytest.mark.parametrize("service", [services.release_hold, services.give_back_booking])
def test_a_release_and_the_offer_of_its_seats_name_their_show(
    service: Callable[..., Booking],
) -> None:
    show, user = make_show(), make_user()
    booking = hold(user, show, "A1", "A2")
    Entry.objects.create(show=show, user=make_user(), seats=2, together=True, wheelchair=False)
    with recorded() as said:
        service(user=user, reference=booking.reference, show_id=show.pk)
    assert Entry.objects.get().state == Entry.State.OFFERED
    check(said, show.pk)


def test_a_cancellation_of_a_paid_ticket_names_its_show() -> None:
    show = make_show()
    booking = make_booking(show, ["A1"])
    make_payment(make_order(booking, state="PAID"), PaymentState.CAPTURED)
    with recorded() as said:
        services.cancel_booking(user=booking.user, reference=booking.reference, show_id=show.pk)
    check(said, show.pk)


def test_the_sweep_of_a_show_names_it() -> None:
    show = make_show()
    lapse(hold(make_user(), show, "A1"))
    with recorded() as said:
        assert sweep_show(show.pk, skip_locked=False) == 1
    check(said, show.pk)


def test_the_seat_map_names_its_show() -> None:
    show = make_show()
    hold(make_user(), show, "A1")
    with recorded() as said:
        read(show.pk)
    check(said, show.pk)


def test_an_admission_and_its_undoing_name_their_show() -> None:
    show, staff = make_show(), make_user(is_staff=True)
    booking = make_booking(show, ["A1"])
    make_payment(make_order(booking, state="PAID"), PaymentState.CAPTURED)
    with recorded() as said:
        assert admit(by=staff, ticket=booking.reference, show_id=show.pk).answer == "valid"
        undo_admission(by=staff, ticket=booking.reference, show_id=show.pk)
    check(said, show.pk)


def test_a_ticket_of_another_show_is_looked_up_without_a_lock() -> None:
    show, other, staff = make_show(), make_show(), make_user(is_staff=True)
    booking = make_booking(other, ["A1"])
    with recorded() as said:
        verdict = admit(by=staff, ticket=booking.reference, show_id=show.pk)
    assert verdict.answer == "wrong-show"
    assert not any(s.is_under_lock and "FOR NO KEY" in s.sql for s in said)


@pytest.mark.parametrize("is_late", [False, True])
def test_the_settlement_of_a_payment_names_its_show(is_late: bool) -> None:
    show, user = make_show(), make_user()
    booking = hold(user, show, "A1")
    payment = make_payment(make_order(booking))
    if is_late:
        lapse(booking)
    remote = Remote(
        state=RemoteState.CAPTURED,
        reference=payment.reference,
        amount=payment.amount,
        currency=payment.currency,
        charge="ch_1",
        captured=payment.amount,
    )
    answer = Answer(remote, payment.updated_at)
    with recorded() as said:
        assert apply(payment.pk, answer).payment.state == PaymentState.CAPTURED
    # The payment, which is known by its id; and the provider's payment, which is unique for all.
    check(said, show.pk, look_ups=4 if is_late else 2)


def test_the_claims_of_a_payment_and_of_a_refund() -> None:
    """What is due is found in all shows, and locked by its own."""
    show = make_show()
    order = make_order(make_booking(show, ["A1"]), state="PAID")
    payment = make_payment(order, PaymentState.CAPTURED)
    make_refund(payment, 1)
    undecided_payments.look_again_now(Q(pk=payment.pk))
    for claim_next in (undecided_payments.claim_next, refund_queue.claim_next):
        with recorded() as said:
            assert claim_next() is not None
        check(said, show.pk, look_ups=1)
        assert [s.is_under_lock for s in said] == [False, False, True]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM bookings_booking WHERE reference = %s",
        "UPDATE shows_seat s SET booking_id = NULL FROM bookings_booking b"
        " WHERE s.booking_id = b.id AND b.show_id = {show} AND b.reference = %s",
        "SELECT * FROM shows_show w JOIN bookings_booking b ON b.show_id = w.id"
        " WHERE b.show_id = {other} AND b.reference = %s",
    ],
)
def test_a_statement_that_does_not_name_its_show_is_found(sql: str) -> None:
    show, other = make_show().pk, make_show().pk
    said = Said(sql.format(show=show, other=other), ["BMV000000000000"], is_under_lock=True)
    assert reads_all_shows(said, show)
    with pytest.raises(AssertionError):
        check([said], show, look_ups=9)
