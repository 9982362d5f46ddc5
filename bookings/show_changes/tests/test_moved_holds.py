"""A show is moved while seats are on hold: the owner learns the new time in any case."""

import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection, transaction
from django.test import Client

from accounts.models import User
from accounts.outbox.models import Message
from accounts.outbox.sending import send_due
from bookings import services
from bookings.errors import ShowMoved
from bookings.models import Booking
from bookings.services import confirm_booking, hold_seats, sweep_lapsed_holds
from bookings.show_changes.services import move_show
from bookmyshow.core.templatetags.formatting import dated_moment
from shows.models import Show
from tests.support.factories import lapse, make_show, make_user
from tests.support.outbox import let_time_pass
from tests.support.races import wait_for_waiting

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def show() -> Show:
    return make_show()


@pytest.fixture
def buyer() -> User:
    return make_user()


def hold(buyer: User, show: Show) -> Booking:
    return hold_seats(user=buyer, show_id=show.pk, labels=["A1", "A2"])


def move(show: Show, by: timedelta = HOUR) -> None:
    move_show(by=make_user(is_staff=True), show_id=show.pk, starts_at=show.starts_at + by)
    show.refresh_from_db()


def test_a_hold_that_is_confirmed_after_the_move_is_told_by_mail(show: Show, buyer: User) -> None:
    booking = hold(buyer, show)
    move(show)
    # No mail before the hold is confirmed.
    assert send_due().sent == 0
    confirm_booking(user=buyer, reference=booking.reference)
    let_time_pass()
    done = send_due()
    # One mail with the ticket and both times.
    assert (done.sent, done.dropped) == (1, 1)
    (message,) = mail.outbox
    assert message.to == [buyer.email]
    assert booking.reference in str(message.body)
    assert dated_moment(show.local_start) in message.subject
    assert "The cinema moved this show" in " ".join(str(message.body).split())
    assert "Before: " in str(message.body)
    assert send_due().sent == 0


def test_a_hold_that_is_never_confirmed_is_owed_nothing(show: Show, buyer: User) -> None:
    booking = hold(buyer, show)
    move(show)
    lapse(booking)
    # A confirmation may be under way until a sweep has locked the hold and written its end.
    assert send_due().dropped == 0
    sweep_lapsed_holds()
    let_time_pass()
    assert send_due().dropped == 1
    assert mail.outbox == []


def test_a_hold_that_had_lapsed_before_the_move_is_owed_nothing(show: Show, buyer: User) -> None:
    lapse(hold(buyer, show))
    move(show)
    assert not Message.objects.exists()


def test_a_ticket_and_a_hold_of_one_person_are_both_told_of(show: Show, buyer: User) -> None:
    ticket = hold(buyer, show)
    confirm_booking(user=buyer, reference=ticket.reference)
    held = hold_seats(user=buyer, show_id=show.pk, labels=["B1"])
    move(show)
    confirm_booking(user=buyer, reference=held.reference)
    assert send_due().sent == 3, "both tickets, and the move of the first"
    told = "".join(str(message.body) for message in mail.outbox)
    assert ticket.reference in told
    assert held.reference in told


def test_a_confirmation_with_the_old_time_is_refused(show: Show, buyer: User) -> None:
    booking = hold(buyer, show)
    seen = show.starts_at
    move(show)
    with pytest.raises(ShowMoved):
        confirm_booking(user=buyer, reference=booking.reference, starts_at=seen)
    booking.refresh_from_db()
    assert booking.status == Booking.Status.PENDING
    confirm_booking(user=buyer, reference=booking.reference, starts_at=show.starts_at)
    booking.refresh_from_db()
    assert booking.status == Booking.Status.CONFIRMED
    # Confirming again succeeds, also with the old time.
    confirm_booking(user=buyer, reference=booking.reference, starts_at=seen)


def test_the_page_shows_the_new_time_before_it_confirms(
    client: Client, show: Show, buyer: User
) -> None:
    client.force_login(buyer)
    booking = hold(buyer, show)
    before = dated_moment(show.local_start)
    page = client.get(booking.get_absolute_url()).text
    assert "moved this show" not in page
    old = {"starts_at": show.starts_at.isoformat()}
    assert f'value="{old["starts_at"]}"' in page
    move(show)
    address = f"{booking.get_absolute_url()}confirm/"
    answer = client.post(address, old, follow=True).text
    assert "Not confirmed yet: the cinema moved this show." in answer
    assert f"It was on {before}, and is now on <b>{dated_moment(show.local_start)}</b>" in answer
    new = {"starts_at": show.starts_at.isoformat()}
    assert f'value="{new["starts_at"]}"' in answer
    client.post(address, new)
    booking.refresh_from_db()
    assert booking.status == Booking.Status.CONFIRMED


def test_moved_and_moved_back_there_is_nothing_to_tell_on_the_page(
    client: Client, show: Show, buyer: User
) -> None:
    client.force_login(buyer)
    booking = hold(buyer, show)
    move(show)
    move(show, -HOUR)
    assert "moved this show" not in client.get(booking.get_absolute_url()).text


@pytest.mark.parametrize("text", ["", "soon", "2031-07-04T19:30"])
def test_a_form_without_a_time_confirms_as_the_api_does(
    client: Client, show: Show, buyer: User, text: str
) -> None:
    client.force_login(buyer)
    booking = hold(buyer, show)
    client.post(f"{booking.get_absolute_url()}confirm/", {"starts_at": text})
    booking.refresh_from_db()
    assert booking.status == Booking.Status.CONFIRMED


@pytest.mark.django_db(transaction=True)
def test_a_confirmation_that_is_under_way_is_waited_for_and_told(show: Show, buyer: User) -> None:
    booking = hold(buyer, show)
    manager = make_user(is_staff=True)
    starts_at = show.starts_at + HOUR

    def act() -> None:
        move_show(by=manager, show_id=show.pk, starts_at=starts_at)
        connection.close()

    moving = threading.Thread(target=act)
    with transaction.atomic():
        confirm_booking(user=buyer, reference=booking.reference, starts_at=show.starts_at)
        moving.start()
        wait_for_waiting(1)
    moving.join()
    show.refresh_from_db()
    assert show.starts_at == starts_at
    assert Message.objects.get(kind="show-moved").booking is None
    assert send_due().sent == 2, "the ticket, and the move"


@pytest.mark.django_db(transaction=True)
def test_a_confirmation_waits_for_a_move_and_is_refused_the_old_time(
    show: Show, buyer: User
) -> None:
    booking = hold(buyer, show)
    seen, results = show.starts_at, []

    def act() -> None:
        try:
            services.confirm_booking(user=buyer, reference=booking.reference, starts_at=seen)
        except ShowMoved as error:
            results.append(error)
        connection.close()

    confirming = threading.Thread(target=act)
    with transaction.atomic():
        move(show)
        confirming.start()
        wait_for_waiting(1)
    confirming.join()
    assert len(results) == 1
