import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from accounts.outbox.models import Message
from bookings import services
from bookings.archive.models import ArchivedBooking, ArchivedShow
from bookings.archive.services import archive_batch
from bookings.integrity.checks import find_breaches
from bookings.models import Booking
from bookings.payments.models import Payment, Refund
from bookings.payments.states import OrderState, PaymentState, RefundState
from bookmyshow.environment import ROOT
from shows.models import ScreenTime, Seat, Show
from shows.waiting_room import services as waiting_room
from shows.waiting_room.models import OnSale
from tests.support.admin_site import staff_client
from tests.support.api_client import ApiInProcess
from tests.support.deployed_site import free_port, site_environment, wait_until_the_database_let_go
from tests.support.factories import make_booking, make_movie, make_show, make_user
from tests.support.money import make_order, make_payment
from tests.support.on_sale import make_sale

pytestmark = pytest.mark.django_db(transaction=True)


def long_ago(show: Show, days: int = 250) -> None:
    ago = timedelta(days=days)
    Show.objects.filter(pk=show.pk).update(
        starts_at=F("starts_at") - ago, ends_at=F("ends_at") - ago, busy_until=F("busy_until") - ago
    )


def archive(*arguments: str) -> str:
    output = StringIO()
    call_command("archive_bookings", *arguments, stdout=output)
    return output.getvalue().splitlines()[-1]


def test_the_on_sale_of_an_archived_show_goes_with_it_and_that_of_a_film_stays() -> None:
    show, movie = make_show(), make_movie()
    of_film = make_show(movie=movie)
    waiting_room.join(make_sale(show).pk, make_user())
    sale = make_sale(movie)
    long_ago(show)
    long_ago(of_film)
    assert archive() == "Moved 2 shows, 0 bookings."
    assert list(OnSale.objects.all()) == [sale]


def test_an_old_show_is_archived_completely_and_a_recent_one_stays() -> None:
    old, recent = make_show(movie=make_movie("Her")), make_show()
    booking = make_booking(old, ["E1", "A1"])
    services.hold_seats(user=make_user(), show_id=old.pk, labels=["B1"])
    kept = make_booking(recent, ["A1"])
    long_ago(old)
    long_ago(recent, days=170)
    assert archive("--dry-run") == "1 shows, 2 bookings would be moved."
    assert archive() == "Moved 1 shows, 2 bookings."
    assert list(Show.objects.all()) == [recent]
    assert list(Booking.objects.all()) == [kept]
    assert not Seat.objects.exclude(show=recent).exists()
    assert ScreenTime.objects.get().show == recent
    found = ArchivedBooking.objects.get(reference=booking.reference)
    assert (found.seats, found.total_amount, found.status) == (
        ["A1", "E1"],
        booking.total_amount,
        "CONFIRMED",
    )
    show = ArchivedShow.objects.get()
    assert show.pk == old.pk
    assert len(show.seats) == old.total_seats
    assert ["A1", "standard", False, 0, 0, booking.pk] in show.seats
    # A hold that was not swept is archived as lapsed.
    assert ArchivedBooking.objects.exclude(pk=found.pk).get().ended_reason == "lapsed"
    assert not list(find_breaches())
    assert archive() == "Moved 0 shows, 0 bookings."


def test_the_tables_are_partitioned_by_quarter() -> None:
    # A quarter has 92 days at most.
    for days in (250, 250 + 93, 250 + 186):
        long_ago(make_show(), days=days)
    archive("--batch=2")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(DISTINCT tableoid) FROM archive_archivedshow",
        )
        assert cursor.fetchone() == (3,)


def test_only_owner_and_staff_find_an_archived_booking() -> None:
    show = make_show(movie=make_movie("Her"))
    user = make_user()
    booking = make_booking(show, ["A1"], user=user)
    long_ago(show)
    archive()
    owner, other, staff = Client(), Client(), Client()
    owner.force_login(user)
    other.force_login(make_user())
    staff.force_login(make_user(is_staff=True, is_superuser=True))
    page = owner.get(booking.get_absolute_url())
    assert page.status_code == 200
    assert all(words in page.content.decode() for words in ("Her", "A1", booking.reference))
    assert other.get(booking.get_absolute_url()).status_code == 404
    listed = staff.get("/admin/archive/archivedbooking/", {"q": booking.reference})
    assert booking.reference in listed.content.decode()
    assert staff.get(f"/admin/archive/archivedbooking/{booking.pk}/change/").status_code == 200
    assert booking.reference in owner.get("/accounts/profile/export/").content.decode()


def test_reports_count_what_is_archived() -> None:
    show = make_show(movie=make_movie("Her"))
    make_booking(show, ["A1"])
    long_ago(show)
    last = timezone.now().date()
    span = (f"--from={last - timedelta(days=400)}", f"--to={last}", "--by=film", "--csv")

    def report() -> str:
        output = StringIO()
        call_command("booking_report", *span, stdout=output)
        return output.getvalue()

    before = report()
    assert "Her,1," in before
    archive()
    assert report() == before


def test_after_a_run_was_killed_the_next_run_continues(tmp_path: Path) -> None:
    for _ in range(12):
        show = make_show("A ssss")
        make_booking(show, ["A1"])
        long_ago(show)
    name = "archiver of the tests"
    environment = site_environment(tmp_path, free_port()) | {"PGAPPNAME": name}
    command = [sys.executable, "manage.py", "archive_bookings", "--batch=1"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    wait_until_the_database_let_go(name)
    moved = ArchivedShow.objects.count()
    assert moved >= 1
    assert Show.objects.count() + moved == 12
    assert Booking.objects.count() + ArchivedBooking.objects.count() == 12
    assert not list(find_breaches())
    archive()
    assert ArchivedBooking.objects.count() == 12
    assert not Show.objects.exists()


def test_a_show_that_somebody_works_on_is_left_for_the_next_run() -> None:
    show = make_show()
    long_ago(show)
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT id FROM shows_show FOR UPDATE")
        counts: list[int] = []

        def run() -> None:
            counts.append(archive_batch(size=10).shows)
            connection.close()

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        cursor.execute("ROLLBACK")
    assert counts == [0]
    assert archive_batch(size=10).shows == 1


@pytest.fixture
def kept() -> Booking:
    """A ticket to an archived show."""
    show = make_show(movie=make_movie("Her"))
    booking = make_booking(show, ["A1", "E1"])
    long_ago(show)
    archive()
    return booking


def test_the_api_tells_an_archived_booking_as_it_was(kept: Booking, client: Client) -> None:
    quick_api = ApiInProcess(client)
    admin, other = make_user(is_superuser=True), make_user()
    for path in (f"bookings/{kept.pk}", f"bookings/reference/{kept.reference.lower()}"):
        for reader in (kept.user, admin):
            told = quick_api.get(path, by=reader).data
            assert told["bookingReference"] == kept.reference
            assert (told["status"], told["seats"]) == ("CONFIRMED", ["A1", "E1"])
            assert (told["movieTitle"], told["totalAmount"]) == ("Her", "650.00")
            assert (told["showId"], told["secondsRemaining"]) == (kept.show_id, 0)
        assert quick_api.get(path, by=other).problem == (404, "NOT_FOUND")


def test_the_api_changes_nothing_of_an_archived_booking(kept: Booking, client: Client) -> None:
    quick_api = ApiInProcess(client)
    confirm, path = f"bookings/{kept.pk}/confirm", f"bookings/{kept.pk}"
    assert quick_api.call("PATCH", confirm, by=kept.user).data["status"] == "CONFIRMED"
    assert quick_api.call("DELETE", path, by=kept.user).problem == (409, "SHOW_NOT_BOOKABLE")
    assert quick_api.call("DELETE", path, by=make_user()).problem == (404, "NOT_FOUND")
    ArchivedBooking.objects.update(status="CANCELLED", ended_reason="customer")
    assert quick_api.call("PATCH", confirm, by=kept.user).problem == (409, "BOOKING_NOT_PENDING")
    assert quick_api.call("DELETE", path, by=kept.user).data["endedReason"] == "customer"


def test_a_search_in_the_admin_points_to_the_archive(kept: Booking) -> None:
    staff = staff_client()
    page = staff.get("/admin/bookings/booking/", {"q": kept.reference}).content.decode()
    address = f"/admin/archive/archivedbooking/?q={kept.reference}"
    assert "Bookings of shows long past match too: 1." in page
    assert f'href="{address}"' in page
    assert kept.reference in staff.get(address).content.decode()
    page = staff.get("/admin/bookings/booking/", {"q": "nobody"}).content.decode()
    assert "long past" not in page


def test_money_stays_with_its_order_and_the_owner_still_sees_it() -> None:
    show = make_show()
    booking = make_booking(show, ["A1"])
    order = make_order(booking, fee=20_00, policy="0:50", state=OrderState.PAID)
    payment = make_payment(order, PaymentState.CAPTURED)
    services.cancel_booking(user=booking.user, reference=booking.reference)
    long_ago(show)
    assert archive() == "Moved 0 shows, 0 bookings.", "its refund is not sent yet"
    Refund.objects.update(state=RefundState.SUCCEEDED, sent_at=Now(), ended_at=Now())
    assert archive() == "Moved 0 shows, 0 bookings.", "its mails are not sent yet"
    Message.objects.update(sent_at=Now())
    assert archive() == "Moved 1 shows, 1 bookings."
    assert not Message.objects.exists()
    assert [p.pk for p in Payment.objects.all()] == [payment.pk]
    assert list(find_breaches()) == []
    client = Client()
    client.force_login(booking.user)
    page = client.get(f"/bookings/{booking.reference}/").text
    assert "₹125 was given back to you" in page
    assert "₹145 of what you paid is kept" in page
    admin = staff_client().get(f"/admin/payments/order/{order.pk}/change/").text
    assert f"archivedbooking/?q={booking.reference}" in admin


def test_a_quarter_is_detached_after_two_years_and_then_its_tickets_say_so() -> None:
    recent, old = make_show(), make_show()
    person = make_user()
    kept_ticket = make_booking(recent, ["A1"], user=person)
    ticket = make_booking(old, ["A1", "A2"], user=person)
    make_payment(make_order(ticket, state=OrderState.PAID), PaymentState.CAPTURED)
    long_ago(recent)
    long_ago(old, days=800)
    archive()
    output, errors = StringIO(), StringIO()
    today = f"{timezone.now():%Y-%m-%d}"
    only = ("--before", today, "--table", "archive_archivedbooking")
    call_command("partitions", "detach", *only, "--dry-run", stdout=output)
    assert "Nobody finds its tickets on the site any more" in output.getvalue()
    call_command("partitions", "detach", *only, "--drop", stdout=output, stderr=errors)
    assert "stays: it has 1 bookings of the last 2 years" in errors.getvalue()
    client, stranger = Client(), Client()
    client.force_login(person)
    stranger.force_login(make_user())
    page = client.get(ticket.get_absolute_url())
    assert page.status_code == 410
    for words in ("We don’t keep this ticket any more", "A1, A2", "Receipt (PDF)"):
        assert words in page.text
    assert stranger.get(ticket.get_absolute_url()).status_code == 404
    assert client.get(kept_ticket.get_absolute_url()).status_code == 200
    listed = staff_client().get("/admin/archive/archivedbooking/", {"q": ticket.reference}).text
    assert "Tickets of earlier quarters were stored elsewhere" in listed
