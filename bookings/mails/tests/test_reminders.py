"""The mail that a show begins soon: who gets it, once, and who does not."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.outbox.models import Message
from accounts.outbox.registry import Drop
from accounts.outbox.sending import send_due
from bookings import services
from bookings.mails.reminders import _due, write_reminders
from bookings.models import Admission, Booking
from bookings.show_changes.services import cancel_show, move_show
from shows.models import Show
from tests.support.factories import make_booking, make_show, make_user
from tests.support.mails import composed, html_of, text_of, the_mail, written
from tests.support.races import at_once

pytestmark = pytest.mark.django_db
REMINDER, LONG_AGO = "show-reminder", timedelta(days=1)


def bought(show: Show, label: str = "A1", *, before: timedelta = LONG_AGO) -> Booking:
    """A ticket that was bought so long before its show."""
    booking = make_booking(show, [label])
    moment = show.starts_at - before
    Booking.objects.filter(pk=booking.pk).update(
        created_at=moment, confirmed_at=moment, expires_at=moment + timedelta(minutes=2)
    )
    return booking


def admitted(ticket: Booking) -> None:
    Admission.objects.create(
        show_id=ticket.show_id,
        booking=ticket,
        admitted_by=make_user(is_staff=True),
        admitted_at=timezone.now(),
    )


def test_people_are_reminded_once_some_hours_before() -> None:
    show = make_show(starts_in=timedelta(hours=2))
    tickets = [bought(show, label) for label in ("A1", "A2", "A3")]
    assert write_reminders() == 3
    assert write_reminders() == 0
    messages = written(REMINDER)
    assert [message.booking for message in messages] == [ticket.pk for ticket in tickets]
    assert {message.expires_at for message in messages} == {show.starts_at}
    assert {message.priority for message in messages} == {2}


def test_it_says_when_where_and_what_is_still_to_pay() -> None:
    show = make_show(starts_in=timedelta(hours=2))
    ticket = bought(show)
    write_reminders()
    mail = the_mail(REMINDER)
    clock = f"{show.local_start:%H:%M}"
    assert mail.subject == f"Starts at {clock}: {show.movie.title}"
    for words in (text_of(mail), html_of(mail)):
        for said in (clock, show.screen.cinema.name, "A1", "To pay at the cinema: ₹250"):
            assert said in words
        assert ticket.reference in words


def test_what_was_bought_after_that_moment_is_not_reminded_of() -> None:
    show = make_show(starts_in=timedelta(hours=2))
    bought(show, "A1", before=timedelta(hours=2, minutes=59))
    bought(show, "A2", before=timedelta(hours=3, minutes=1))
    assert write_reminders() == 1
    (reminder,) = written(REMINDER)
    assert Booking.objects.filter(pk=reminder.booking or 0, seats=["A2"]).exists()


@pytest.mark.parametrize("hours", [4, -1])
def test_shows_that_begin_later_or_have_begun_are_left_alone(hours: int) -> None:
    show = make_show(starts_in=timedelta(hours=5))
    bought(show)
    starts = timezone.now() + timedelta(hours=hours)
    Show.objects.update(starts_at=starts, ends_at=starts + timedelta(hours=2))
    assert write_reminders() == 0


def test_no_reminders_if_the_setting_is_off(settings: Any) -> None:
    settings.REMINDER_HOURS = 0
    bought(make_show(starts_in=timedelta(hours=2)))
    assert write_reminders() == 0


def test_cancelled_tickets_cancelled_shows_and_people_inside_are_not_reminded() -> None:
    show, other = (make_show(starts_in=timedelta(hours=2)) for _ in range(2))
    gone, inside = bought(show, "A1"), bought(show, "A2")
    services.cancel_booking(user=gone.user, reference=gone.reference)
    admitted(inside)
    bought(other)
    cancel_show(by=make_user(is_staff=True), show_id=other.pk)
    assert write_reminders() == 0


def test_who_was_just_told_a_new_time_is_not_reminded_of_it() -> None:
    show = make_show(starts_in=timedelta(hours=6))
    bought(show)
    soon: datetime = timezone.now() + timedelta(hours=2)
    move_show(by=make_user(is_staff=True), show_id=show.pk, starts_at=soon)
    assert [message.kind for message in written()] == ["show-moved"]
    assert write_reminders() == 0


def test_a_reminder_of_an_earlier_time_is_dropped_and_the_new_one_is_told_by_its_mail() -> None:
    show = make_show(starts_in=timedelta(hours=2))
    bought(show)
    write_reminders()
    (reminder,) = written(REMINDER)
    later = show.starts_at + timedelta(hours=24)
    move_show(by=make_user(is_staff=True), show_id=show.pk, starts_at=later)
    assert isinstance(composed(reminder), Drop)


def test_a_ticket_that_was_used_meanwhile_is_not_reminded_of() -> None:
    ticket = bought(make_show(starts_in=timedelta(hours=2)))
    write_reminders()
    admitted(ticket)
    (reminder,) = written(REMINDER)
    assert isinstance(composed(reminder), Drop)


def test_after_the_start_it_is_not_sent_any_more() -> None:
    bought(make_show(starts_in=timedelta(hours=2)))
    write_reminders()
    Message.objects.update(expires_at=timezone.now())
    assert send_due().sent == 0
    assert Message.objects.get().dropped_at


@pytest.mark.django_db(transaction=True)
def test_runs_at_once_write_each_reminder_once() -> None:
    show = make_show(starts_in=timedelta(hours=2))
    for label in ("A1", "A2", "A3", "A4"):
        bought(show, label)
    at_once(lambda _: write_reminders(), 4)
    assert Message.objects.filter(kind=REMINDER).count() == 4


def test_it_reads_by_indexes() -> None:
    """As in a large table, where nothing is read from the beginning to the end."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = _due(at=timezone.now())[:500].explain()
    assert "Seq Scan" not in plan, plan
