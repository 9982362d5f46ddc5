from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.outbox.models import Message
from accounts.outbox.sending import send_due
from bookings import services
from bookings.errors import (
    BookingError,
    ShowIsCancelled,
    ShowIsOver,
    ShowNotBookable,
    TimeOutOfRange,
)
from bookings.integrity.checks import find_breaches
from bookings.models import Booking
from bookings.payments.models import Order
from bookings.payments.states import PaymentState, RefundState
from bookings.show_changes.progress import paid_for_show, refund_progress
from bookings.show_changes.services import (
    Changed,
    cancel_show,
    move_show,
    who_is_affected,
)
from bookmyshow.core.templatetags.formatting import minor
from shows.errors import ShowBusy, ShowOverlaps
from shows.models import Show
from tests.support.admin_site import staff_client
from tests.support.factories import (
    begin,
    lapse,
    make_booking,
    make_cinema,
    make_screen,
    make_show,
    make_user,
)
from tests.support.money import make_order, make_payment, make_refund
from tests.support.races import assert_sold_once, at_once

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def manager() -> User:
    return make_user(is_staff=True, name="Ira")


@pytest.fixture
def show() -> Show:
    return make_show()


def status_of(booking: Booking) -> tuple[str, str]:
    booking.refresh_from_db()
    return booking.status, booking.ended_reason


def end(show: Show) -> None:
    past = timezone.now() - timedelta(hours=5)
    Show.objects.filter(pk=show.pk).update(
        starts_at=past, ends_at=past + timedelta(hours=2), busy_until=past + timedelta(hours=3)
    )


@pytest.mark.django_db(transaction=True)
def test_cancelling_ends_every_live_booking_by_the_cinema_and_frees_the_seats(
    manager: User, show: Show
) -> None:
    sold = make_booking(show, ["A1", "A2"])
    held = services.hold_seats(user=make_user(), show_id=show.pk, labels=["B1"])
    lapsed = services.hold_seats(user=make_user(), show_id=show.pk, labels=["C1"])
    lapse(lapsed)
    given_back = make_booking(show, ["D1"])
    services.cancel_booking(user=given_back.user, reference=given_back.reference)
    assert cancel_show(by=manager, show_id=show.pk) == Changed(bookings=1, people=1, seats=2)
    assert status_of(sold) == ("CANCELLED", "cinema")
    assert status_of(held) == ("FAILED", "cinema")
    assert status_of(lapsed) == ("FAILED", "lapsed")
    assert status_of(given_back) == ("CANCELLED", "customer")
    show.refresh_from_db()
    assert (show.status, show.available_seats) == ("CANCELLED", show.total_seats)
    assert list(find_breaches()) == []
    with pytest.raises(ShowNotBookable, match="cancelled"):
        services.hold_seats(user=make_user(), show_id=show.pk, labels=["A1"])


def test_cancelling_again_changes_nothing_and_tells_nobody_twice(manager: User, show: Show) -> None:
    make_booking(show, ["A1"])
    cancel_show(by=manager, show_id=show.pk)
    assert cancel_show(by=manager, show_id=show.pk) == Changed()
    assert Message.objects.count() == LogEntry.objects.count() == 1


def test_who_is_affected_is_known_before(show: Show) -> None:
    twice = make_user()
    make_booking(show, ["A1", "A2"], user=twice)
    make_booking(show, ["E1"], user=twice)
    make_booking(show, ["B1"])
    services.hold_seats(user=make_user(), show_id=show.pk, labels=["C1"])
    lapse(services.hold_seats(user=make_user(), show_id=show.pk, labels=["C2"]))
    who = who_is_affected(show=show, at=timezone.now())
    assert (who.bookings, who.people, who.seats, who.holds) == (3, 2, 4, 1)
    assert (who.amount, who.inside) == (Decimal(3 * 250 + 400), 0)


def test_a_person_with_two_bookings_gets_one_mail_about_both(manager: User, show: Show) -> None:
    person = make_user()
    bookings = [make_booking(show, [label], user=person) for label in ("A1", "B1")]
    cancel_show(by=manager, show_id=show.pk, why="The projector broke.")
    assert send_due().sent == 1
    (message,) = mail.outbox
    assert message.to == [person.email]
    text = str(message.body)
    assert all(booking.reference in text for booking in bookings)
    assert all(words in text for words in ("A1, B1", "The projector broke.", "₹500"))


def test_mails_tell_times_on_the_cinemas_clock_in_text_and_html(manager: User) -> None:
    cinema = make_cinema(city="London", timezone="Europe/London")
    screen = make_screen(cinema=cinema)
    day = datetime(timezone.now().year + 1, 7, 4, tzinfo=UTC)
    show = make_show(screen=screen, starts_at=day.replace(hour=18, minute=30))
    booking = make_booking(show, ["A1"])
    move_show(by=manager, show_id=show.pk, starts_at=day.replace(hour=20))
    send_due()
    (message,) = mail.outbox
    assert isinstance(message, mail.EmailMultiAlternatives)
    ((html, kind),) = message.alternatives
    assert (kind, message.subject) == (
        "text/html",
        f"New time: Anatomy of a Fall, now {day:%a} 4 Jul {day.year}, 21:00",
    )
    # The HTML has the day above the time.
    for text in (str(message.body), str(html).replace("<br>", ", ")):
        assert f"{day:%A} 4 July {day:%Y}" in text
        assert "21:00" in text
        assert f"{day:%A} 4 July {day:%Y}, 19:30" in text
        assert f"{settings.SITE_URL}/bookings/{booking.reference}/" in text


def test_what_the_cinema_says_is_text_and_no_markup(manager: User, show: Show) -> None:
    make_booking(show, ["A1"])
    cancel_show(by=manager, show_id=show.pk, why="<b>Rats & mice</b>")
    send_due()
    (message,) = mail.outbox
    assert isinstance(message, mail.EmailMultiAlternatives)
    assert "&lt;b&gt;Rats &amp; mice" in str(message.alternatives[0][0])
    assert "<b>Rats & mice</b>" in str(message.body)


def test_a_show_that_is_over_cannot_be_cancelled_and_one_that_began_can(
    manager: User, show: Show
) -> None:
    booking = make_booking(show, ["A1"])
    begin(show)
    other = make_show()
    end(other)
    assert cancel_show(by=manager, show_id=show.pk).bookings == 1
    assert status_of(booking) == ("CANCELLED", "cinema")
    with pytest.raises(ShowIsOver):
        cancel_show(by=manager, show_id=other.pk)


def test_moving_keeps_tickets_changes_all_times_and_is_logged(manager: User, show: Show) -> None:
    booking = make_booking(show, ["A1"])
    length, busy = show.ends_at - show.starts_at, show.busy_until - show.starts_at
    later = show.starts_at + HOUR
    assert move_show(by=manager, show_id=show.pk, starts_at=later).people == 1
    show.refresh_from_db()
    times = (show.starts_at, show.ends_at, show.busy_until)
    assert times == (later, later + length, later + busy)
    assert status_of(booking) == ("CONFIRMED", "")
    what = LogEntry.objects.get().change_message
    zone = show.screen.cinema.tz
    was, is_now = (f"{at.astimezone(zone):%d %b %Y %H:%M}" for at in (later - HOUR, later))
    assert what.startswith(f"Show moved from {was} to {is_now};")
    assert move_show(by=manager, show_id=show.pk, starts_at=later) == Changed()
    assert Message.objects.count() == 1


def test_moving_back_is_another_change_to_be_told_of(manager: User, show: Show) -> None:
    make_booking(show, ["A1"])
    before = show.starts_at
    move_show(by=manager, show_id=show.pk, starts_at=before + timedelta(hours=1))
    move_show(by=manager, show_id=show.pk, starts_at=before)
    assert send_due().sent == 2


def test_a_show_cannot_be_moved_onto_another_or_into_the_past(manager: User, show: Show) -> None:
    make_booking(show, ["A1"])
    other = make_show(screen=show.screen, starts_in=timedelta(hours=8))
    with pytest.raises(ShowOverlaps, match="cleaning included"):
        move_show(by=manager, show_id=show.pk, starts_at=other.starts_at - timedelta(hours=2))
    for distance, words in ((timedelta(minutes=-1), "past"), (timedelta(days=9999), "two years")):
        with pytest.raises(TimeOutOfRange, match=words):
            move_show(by=manager, show_id=show.pk, starts_at=timezone.now() + distance)
    assert not Message.objects.exists()
    begin(show)
    with pytest.raises(ShowIsOver):
        move_show(by=manager, show_id=show.pk, starts_at=timezone.now() + timedelta(days=1))
    cancel_show(by=manager, show_id=other.pk)
    with pytest.raises(ShowIsCancelled):
        move_show(by=manager, show_id=other.pk, starts_at=timezone.now() + timedelta(days=1))


@pytest.mark.django_db(transaction=True)
def test_cancelling_amid_a_rush_leaves_no_live_booking_and_tells_each_buyer_once() -> None:
    show, manager = make_show(), make_user(is_staff=True)
    labels = list(show.seats.values_list("label", flat=True))
    buyers = [make_user() for _ in range(20)]

    def act(number: int) -> object:
        if number == 0:
            return cancel_show(by=manager, show_id=show.pk)
        try:
            return make_booking(show, [labels[number]], user=buyers[number])
        except (BookingError, ShowBusy) as error:
            return error.code

    for _ in range(5):
        make_booking(show, [labels.pop()])
    results = at_once(act, 20)
    assert [r for r in results if isinstance(r, Exception)] == []
    assert not Booking.objects.filter(show=show, status__in=["PENDING", "CONFIRMED"]).exists()
    assert_sold_once(show)
    told = set(Message.objects.values_list("user", flat=True))
    cancelled = Booking.objects.filter(show=show, status="CANCELLED", ended_reason="cinema")
    assert told == set(cancelled.values_list("user", flat=True))


def test_the_pages_preview_then_act(show: Show) -> None:
    client = staff_client()
    booking = make_booking(show, ["A1"])
    cancel, move = f"/admin/shows/show/{show.pk}/cancel/", f"/admin/shows/show/{show.pk}/move/"
    page = client.get(cancel).content.decode()
    assert "tell 1 person" in page
    assert booking.reference in page
    later = (show.local_start + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M")
    moved = client.post(move, {"local_start": later, "why": ""}, follow=True)
    assert "Moved: 1 booking, 1 seat, 1 person." in moved.content.decode()
    done = client.post(cancel, {"why": "Power cut"}, follow=True).content.decode()
    assert "Cancelled: 1 booking," in done
    assert "Cancel this show" not in done
    assert status_of(booking) == ("CANCELLED", "cinema")
    assert "2 mails written" in client.get(cancel).content.decode()
    history = client.get(f"/admin/shows/show/{show.pk}/history/").content.decode()
    assert "Show cancelled (Power cut)" in history


def test_a_move_into_the_hour_that_the_clocks_skip_is_refused(manager: User) -> None:
    cinema = make_cinema(timezone="Europe/London")
    show = make_show(screen=make_screen(cinema=cinema), starts_in=timedelta(days=2))
    address = f"/admin/shows/show/{show.pk}/move/"
    page = staff_client().post(address, {"local_start": "2031-03-30T01:30"}).content.decode()
    assert "clocks go forward" in page


def test_the_pages_are_for_staff_with_the_permission(client: Client, show: Show) -> None:
    person = make_user(is_staff=True)
    for verb in ("cancel", "move"):
        client.logout()
        assert client.get(f"/admin/shows/show/{show.pk}/{verb}/").status_code == 302
        client.force_login(person)
        assert client.post(f"/admin/shows/show/{show.pk}/{verb}/").status_code == 403


def test_the_command_previews_cancels_and_refuses_strangers(
    manager: User, show: Show, capsys: pytest.CaptureFixture[str]
) -> None:
    booking = make_booking(show, ["A1"])
    call_command("cancel_show", str(show.pk), by=manager.email, dry_run=True)
    assert "1 booking, 1 seat, 1 person, and 0 holds" in capsys.readouterr().out
    assert status_of(booking)[0] == "CONFIRMED"
    for pk, by in ((str(show.pk), booking.user.email), ("0", manager.email)):
        with pytest.raises(CommandError):
            call_command("cancel_show", pk, by=by)
    call_command("cancel_show", str(show.pk), by=manager.email)
    assert status_of(booking) == ("CANCELLED", "cinema")
    call_command("cancel_show", str(show.pk), by=manager.email, dry_run=True)
    assert "nothing would change" in capsys.readouterr().out


def test_the_command_says_beforehand_what_it_will_refuse(manager: User, show: Show) -> None:
    Show.objects.filter(pk=show.pk).update(
        starts_at=timezone.now() - timedelta(hours=3),
        ends_at=timezone.now() - timedelta(hours=1),
        busy_until=timezone.now(),
    )
    for dry_run in (True, False):
        with pytest.raises(CommandError, match="This show is over"):
            call_command("cancel_show", str(show.pk), by=manager.email, dry_run=dry_run)


def test_before_a_cancellation_staff_see_what_was_paid_and_not_what_the_seats_cost(
    show: Show,
) -> None:
    paid, _unpaid = make_booking(show, ["A1", "A2"]), make_booking(show, ["A3"])
    order = make_order(paid, fee=40_00, state=Order.State.PAID)
    payment = make_payment(order, PaymentState.CAPTURED)
    make_refund(payment, 10_00, state=RefundState.SUCCEEDED)
    make_refund(payment, 10_00, state=RefundState.FAILED)
    make_payment(order, PaymentState.CAPTURED, surplus=True)
    assert paid_for_show(show.pk) == order.total - 10_00

    page = staff_client().get(f"/admin/shows/show/{show.pk}/cancel/").content.decode()
    assert minor(order.total - 10_00, "INR") in page
    assert cancel_show(by=make_user(is_staff=True), show_id=show.pk).bookings == 2
    assert refund_progress(show.pk).all.amount == order.total - 10_00
    assert paid_for_show(show.pk) == 0
