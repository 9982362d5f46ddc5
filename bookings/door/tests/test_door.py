import threading
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from unittest import mock

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from bookings import services
from bookings.door import services as door
from bookings.door.services import Answer
from bookings.errors import BookingUsed
from bookings.models import Admission, Booking
from bookings.payments.models import Order
from bookings.tickets.services import door_token, share_token
from shows.models import Show
from tests.support.factories import begin, lapse, make_booking, make_show, make_user
from tests.support.money import make_order, make_paid_booking, take_at_counter
from tests.support.races import at_once

pytestmark = pytest.mark.django_db


def make_door_staff(*names: str) -> User:
    """Staff with these permissions on admissions; by default those that the door needs."""
    staff = make_user(is_staff=True, name="Noor")
    codenames = names or ("add_admission", "delete_admission", "view_admission")
    staff.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    staff.refresh_from_db()
    return staff


@pytest.fixture
def staff() -> User:
    return make_door_staff()


@pytest.fixture
def show() -> Show:
    return make_show()


def scan(staff: User, ticket: Booking | str, show: Show) -> door.Verdict:
    text = door_token(ticket) if isinstance(ticket, Booking) else ticket
    return door.admit(by=staff, ticket=text, show_id=show.pk)


def at_the_door(client: Client, show: Show, ticket: str) -> str:
    address = reverse("bookings:door-show", args=[show.pk])
    return client.post(address, {"ticket": ticket}).content.decode()


def test_a_ticket_is_valid_once_and_then_used(staff: User, show: Show) -> None:
    booking = make_paid_booking(show, ["A1", "A2"])
    first = scan(staff, booking, show)
    assert first.answer == Answer.VALID
    second = scan(make_door_staff(), booking, show)
    assert (second.answer, second.admission) == (Answer.USED, first.admission)


def test_a_reference_can_be_typed_with_any_case_spaces_and_lookalikes(
    staff: User, show: Show
) -> None:
    booking = make_paid_booking(show, ["A1"])
    Booking.objects.filter(pk=booking.pk).update(reference="BMV01A2B3C4D5E6")
    assert scan(staff, "not it", show).answer == Answer.UNKNOWN
    assert scan(staff, " bmv oia2 b3c4-d5e6 ", show).answer == Answer.VALID
    assert scan(staff, "0LA2B3C4D5E6", show).answer == Answer.USED


def test_a_forged_token_is_unknown(staff: User, show: Show) -> None:
    booking = make_paid_booking(show, ["A1"])
    forged = f"{booking.reference}:{'x' * 43}"
    for text in (forged, share_token(booking), "", "BMV", "тикет", "A" * 200, "%00"):
        assert scan(staff, text, show).answer == Answer.UNKNOWN, text


def test_a_ticket_for_another_show_is_told_so_and_stays_good(staff: User, show: Show) -> None:
    booking = make_paid_booking(make_show(), ["A1"])
    assert scan(staff, booking, show).answer == Answer.WRONG_SHOW
    assert scan(staff, booking, booking.show).answer == Answer.VALID


def test_a_typed_reference_is_let_in_with_the_words_to_check_id(staff: User, show: Show) -> None:
    """Somebody can read a reference from another person's ticket, but not the signature."""
    typed, scanned = make_paid_booking(show, ["A1"]), make_paid_booking(show, ["A2"])
    client = Client()
    client.force_login(staff)

    def answer(ticket: str) -> str:
        return client.post(f"/door/{show.pk}/", {"ticket": ticket}).content.decode()

    page = answer(typed.reference)
    assert "Typed reference, not scanned: check ID." in page
    assert f"Booked by {typed.user.name}." in page
    assert "Typed reference" not in answer(door_token(scanned))


def test_what_is_not_paid_does_not_get_in(staff: User, show: Show) -> None:
    held = services.hold_seats(user=make_user(), show_id=show.pk, labels=["A1"])
    assert scan(staff, held, show).answer == Answer.NOT_PAID
    lapse(held)
    assert scan(staff, held, show).answer == Answer.NOT_PAID


def test_who_has_not_paid_is_sent_to_pay_and_is_let_in_afterwards(staff: User, show: Show) -> None:
    booking = make_booking(show, ["A1", "A2"])
    refused = scan(staff, booking, show)
    assert (refused.answer, refused.admission) == (Answer.TO_PAY, None)
    assert refused.bill
    assert (refused.bill.due, refused.bill.currency) == (50_000, "INR")
    assert not Admission.objects.exists()
    take_at_counter(staff, booking)
    assert scan(staff, booking, show).answer == Answer.VALID


def test_an_order_whose_money_was_refused_is_to_be_paid(staff: User, show: Show) -> None:
    booking = make_booking(show, ["A1"])
    order = make_order(booking, fee=2_000, state=Order.State.PAID)
    assert scan(staff, booking, show).answer == Answer.VALID
    door.undo_admission(by=staff, ticket=booking.reference, show_id=show.pk)
    Order.objects.filter(pk=order.pk).update(state=Order.State.UNPAID)
    refused = scan(staff, booking, show)
    assert refused.answer == Answer.TO_PAY
    assert refused.bill
    assert refused.bill.due == 27_000


def test_a_free_booking_is_let_in(staff: User) -> None:
    show = make_show(standard_price=Decimal(0), premium_price=Decimal(0))
    assert scan(staff, make_booking(show, ["A1"]), show).answer == Answer.VALID


def test_letting_in_who_has_not_paid_is_logged(staff: User, show: Show) -> None:
    booking = make_booking(show, ["A1"])
    verdict = door.admit(by=staff, ticket=booking.reference, show_id=show.pk, unpaid=True)
    assert verdict.answer == Answer.VALID
    line = LogEntry.objects.get()
    assert (line.user, line.object_repr) == (staff, booking.reference)
    assert line.change_message == "Let in without paying; ₹250 is to pay."
    assert scan(staff, booking, show).answer == Answer.USED


def test_a_paid_ticket_is_checked_with_three_statements(
    staff: User, show: Show, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """The lock, the booking with its payment, the clock, the admission; and one to write it."""
    booking = make_paid_booking(show, ["A1"])
    with django_assert_num_queries(7):  # with the savepoint of the test's transaction
        scan(staff, booking, show)


def test_the_page_says_what_to_pay_and_where(client: Client, show: Show) -> None:
    booking = make_booking(show, ["A1"])
    counter = reverse("bookings:counter-booking", args=[booking.reference])
    let_in = reverse("bookings:door-let-in", args=[show.pk])
    client.force_login(make_door_staff())
    page = at_the_door(client, show, booking.reference)
    assert "To pay: ₹250" in page
    assert "Send them to the counter." in page
    assert counter not in page
    assert let_in not in page
    assert client.post(let_in, {"ticket": booking.reference}).status_code == 403
    client.force_login(make_door_staff("add_admission", "take_money", "admit_unpaid"))
    page = at_the_door(client, show, booking.reference)
    assert "Take the money first." in page
    assert counter in page
    page = client.post(let_in, {"ticket": door_token(booking)}).text
    assert "Valid" in page
    assert "₹250 still to pay." in page
    assert "Typed reference" not in page


def test_what_was_cancelled_does_not_get_in(staff: User, show: Show) -> None:
    booking = make_paid_booking(show, ["A1"])
    services.cancel_booking(user=booking.user, reference=booking.reference)
    assert scan(staff, booking, show).answer == Answer.CANCELLED
    other = make_paid_booking(show, ["A2"])
    Show.objects.filter(pk=show.pk).update(status="CANCELLED")
    assert scan(staff, other, show).answer == Answer.CANCELLED


def test_undo_makes_the_ticket_good_again_and_is_logged(staff: User, show: Show) -> None:
    booking = make_paid_booking(show, ["A1"])
    scan(staff, booking, show)
    undone = door.undo_admission(by=staff, ticket=booking.reference, show_id=show.pk)
    assert undone.answer == Answer.UNDONE
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_repr) == (staff, booking.reference)
    assert "by Noor undone" in entry.change_message
    assert scan(staff, booking, show).answer == Answer.VALID


def test_undo_without_an_admission_changes_nothing(staff: User, show: Show) -> None:
    booking = make_paid_booking(show, ["A1"])
    other = make_show()
    scan(staff, booking, show)
    for ticket, where in (("nonsense", show), (booking.reference, other)):
        undone = door.undo_admission(by=staff, ticket=ticket, show_id=where.pk)
        assert undone.answer == Answer.UNKNOWN
    assert Admission.objects.count() == 1
    assert not LogEntry.objects.exists()


def test_a_used_ticket_cannot_be_cancelled(staff: User, show: Show) -> None:
    booking = make_paid_booking(show, ["A1"])
    scan(staff, booking, show)
    with pytest.raises(BookingUsed):
        services.cancel_booking(user=booking.user, reference=booking.reference)
    booking.refresh_from_db()
    assert booking.status == Booking.Status.CONFIRMED


def test_people_are_counted_not_tickets(staff: User, show: Show) -> None:
    first = make_paid_booking(show, ["A1", "A2", "A3"])
    make_paid_booking(show, ["B1"])
    services.hold_seats(user=make_user(), show_id=show.pk, labels=["C1"])
    scan(staff, first, show)
    counted = vars(door.with_attendance(Show.objects.filter(pk=show.pk)).get())
    assert (counted["inside"], counted["sold"]) == (3, 4)


def test_late_comers_get_in_after_the_film_began(staff: User, show: Show) -> None:
    booking = make_paid_booking(show, ["A1"])
    begin(show)
    assert scan(staff, booking, show).answer == Answer.VALID


@pytest.mark.django_db(transaction=True)
def test_of_many_doors_that_scan_one_ticket_only_one_admits_it() -> None:
    show = make_show()
    doors = [make_door_staff() for _ in range(12)]
    for label in ("A1", "A2", "A3"):
        booking = make_paid_booking(show, [label])
        verdicts = at_once(lambda n, b=booking: scan(doors[n], b, show), 12)  # type: ignore[misc]
        answers = Counter(getattr(v, "answer", v) for v in verdicts)
        assert answers == {Answer.VALID: 1, Answer.USED: 11}
    assert Admission.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_doors_collide_and_only_the_constraint_is_left() -> None:
    show = make_show()
    doors = [make_door_staff() for _ in range(12)]
    booking = make_paid_booking(show, ["A1"])

    looked = threading.Barrier(len(doors))
    admission_of = door._admission_of

    def all_look_before_one_writes(booking: Booking) -> Admission | None:
        used = admission_of(booking)
        looked.wait(timeout=60)
        return used

    with (
        mock.patch.object(door, "_lock_booking", door._read_booking),
        mock.patch.object(door, "_admission_of", all_look_before_one_writes),
    ):
        verdicts = at_once(lambda n: scan(doors[n], booking, show), 12)
    assert sum(isinstance(verdict, DatabaseError) for verdict in verdicts) == len(doors) - 1
    assert Admission.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_ticket_scanned_while_it_is_cancelled_is_one_or_the_other() -> None:
    show, staff = make_show(), make_door_staff()
    for label in ("A1", "A2", "A3", "A4", "A5", "B1", "B2", "B3"):
        booking = make_paid_booking(show, [label])

        def act(number: int, booking: Booking = booking) -> object:
            if number:
                return scan(staff, booking, show).answer
            return services.cancel_booking(user=booking.user, reference=booking.reference).status

        cancelled, scanned = at_once(act, 2)
        if isinstance(cancelled, BookingUsed):
            assert scanned == Answer.VALID
        else:
            assert (cancelled, scanned) == (Booking.Status.CANCELLED, Answer.CANCELLED)


def test_the_audit_log_can_be_neither_changed_nor_deleted(staff: User, show: Show) -> None:
    booking = make_paid_booking(show, ["A1"])
    scan(staff, booking, show)
    door.undo_admission(by=staff, ticket=booking.reference, show_id=show.pk)
    for spoil in (
        lambda: LogEntry.objects.update(change_message="nothing"),
        lambda: LogEntry.objects.all().delete(),
        lambda: connection.cursor().execute("DELETE FROM django_admin_log"),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            spoil()
    assert "undone" in LogEntry.objects.get().change_message


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("table", ["django_admin_log", "accounts_user CASCADE"])
def test_the_audit_log_can_not_be_emptied(staff: User, show: Show, table: str) -> None:
    booking = make_paid_booking(show, ["A1"])
    scan(staff, booking, show)
    door.undo_admission(by=staff, ticket=booking.reference, show_id=show.pk)
    with pytest.raises(DatabaseError, match="append-only"):
        connection.cursor().execute(f"TRUNCATE {table}")
    assert LogEntry.objects.count() == 1


def test_the_page_says_each_verdict_in_words(client: Client, staff: User, show: Show) -> None:
    client.force_login(staff)
    booking = make_paid_booking(show, ["A1", "A2"])
    held = services.hold_seats(user=make_user(), show_id=show.pk, labels=["B1"])
    elsewhere = make_paid_booking(make_show(), ["A1"])
    gone = make_paid_booking(show, ["C1"])
    services.cancel_booking(user=gone.user, reference=gone.reference)
    page = at_the_door(client, show, door_token(booking))
    assert all(words in page for words in ("Valid", "A1 A2", "2 people", "<b>2</b> of 2 in"))
    at = Admission.objects.get().admitted_at.astimezone(show.screen.cinema.tz)
    assert f"Already used at {at:%H:%M}" in at_the_door(client, show, booking.reference)
    assert "Not paid" in at_the_door(client, show, held.reference)
    assert "Wrong show" in at_the_door(client, show, elsewhere.reference)
    assert "Cancelled" in at_the_door(client, show, gone.reference)
    assert "Unknown" in at_the_door(client, show, "what\0ever")


def test_the_pages_are_for_staff_with_the_permission(client: Client, show: Show) -> None:
    addresses = [reverse("bookings:door"), reverse("bookings:door-show", args=[show.pk])]
    for address in addresses:
        assert client.get(address).status_code == 302
        fragment = client.get(address, headers={"HX-Request": "true"})
        assert "/accounts/login/" in fragment["HX-Redirect"]
    customer = make_user()
    customer.user_permissions.set(Permission.objects.filter(codename="add_admission"))
    customer.refresh_from_db()
    for person in (customer, make_user(is_staff=True), make_door_staff("view_admission")):
        client.force_login(person)
        assert [client.get(address).status_code for address in addresses] == [403, 403]


def test_undo_needs_a_permission_of_its_own(client: Client, show: Show) -> None:
    booking = make_paid_booking(show, ["A1"])
    client.force_login(make_door_staff("add_admission"))
    assert "Undo" not in at_the_door(client, show, booking.reference)
    address = reverse("bookings:door-undo", args=[show.pk])
    assert client.post(address, {"ticket": booking.reference}).status_code == 403
    client.force_login(make_door_staff())
    undone = client.post(address, {"ticket": booking.reference})
    assert "can come in again" in undone.content.decode()


def test_only_the_door_may_use_the_camera(client: Client, staff: User, show: Show) -> None:
    client.force_login(staff)
    page = client.get(reverse("bookings:door-show", args=[show.pk]))
    assert "camera=(self)" in page["Permissions-Policy"]
    assert "camera=()" in client.get("/")["Permissions-Policy"]
    assert "no-cache" in page["Cache-Control"]


def test_the_picker_lists_tonights_shows_of_the_cinema_and_remembers_it(
    client: Client, staff: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(staff)
    tonight, tomorrow = make_show(), make_show(starts_in=timedelta(days=1))
    Show.objects.filter(pk=tomorrow.pk).update(screen=tonight.screen)
    elsewhere = make_show()
    cinema = tonight.screen.cinema
    page = client.get(reverse("bookings:door"), {"cinema": cinema.slug}).content.decode()
    assert reverse("bookings:door-show", args=[tonight.pk]) in page
    assert reverse("bookings:door-show", args=[tomorrow.pk]) not in page
    assert reverse("bookings:door-show", args=[elsewhere.pk]) not in page
    with django_assert_num_queries(6):
        again = client.get(reverse("bookings:door")).content.decode()
    assert reverse("bookings:door-show", args=[tonight.pk]) in again
