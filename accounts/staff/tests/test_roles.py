"""What each role can do, and what it can't."""

from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.test import Client

from accounts.models import MANAGERS, User
from accounts.staff.roles import BOX_OFFICE, DOOR, READ_ONLY, ROLES
from bookings.models import Booking
from bookings.payments.models import Order
from bookmyshow.core.staff import audit
from tests.support.admin_site import staff_client
from tests.support.factories import make_show, make_user
from tests.support.money import make_paid_booking

pytestmark = pytest.mark.django_db

PAGES = {
    "/admin/dashboard/": {MANAGERS, READ_ONLY},
    "/admin/export/bookings/booking/": {MANAGERS, BOX_OFFICE, READ_ONLY},
    "/admin/movies/movie/": {MANAGERS, BOX_OFFICE, READ_ONLY},
    "/admin/movies/movie/add/": {MANAGERS},
    "/admin/shows/cinema/add/": {MANAGERS},
    "/admin/shows/show/": {MANAGERS, BOX_OFFICE, READ_ONLY},
    "/admin/shows/show/add/": {MANAGERS},
    "/admin/shows/show/plan/": {MANAGERS},
    "/admin/shows/show/day/": {MANAGERS, BOX_OFFICE, READ_ONLY},
    "/admin/shows/show/{show}/cancel/": {MANAGERS},
    "/admin/shows/show/{show}/move/": {MANAGERS},
    "/admin/shows/show/{show}/delete/": {MANAGERS},
    "/admin/shows/screen/{screen}/import/": {MANAGERS},
    "/admin/bookings/booking/": {MANAGERS, BOX_OFFICE, READ_ONLY},
    "/admin/bookings/booking/{booking}/change/": {MANAGERS, BOX_OFFICE, READ_ONLY},
    "/admin/bookings/booking/{booking}/delete/": set(),
    "/admin/bookings/booking/add/": set(),
    "/admin/bookings/booking/{booking}/cancel/": {MANAGERS, BOX_OFFICE},
    "/admin/payments/order/": {MANAGERS, BOX_OFFICE, READ_ONLY},
    "/admin/payments/order/{order}/change/": {MANAGERS, BOX_OFFICE, READ_ONLY},
    "/admin/payments/order/{order}/refund/": {MANAGERS},
    "/admin/payments/payment/": {MANAGERS, BOX_OFFICE, READ_ONLY},
    "/admin/payments/refund/": {MANAGERS, BOX_OFFICE, READ_ONLY},
    "/admin/payments/dispute/": {MANAGERS, BOX_OFFICE, READ_ONLY},
    "/admin/payments/providerevent/": {MANAGERS},
    "/admin/payments/refund/add/": set(),
    "/admin/shows/show/{show}/refunds/": {MANAGERS, BOX_OFFICE, READ_ONLY},
    "/admin/accounts/user/": {MANAGERS, BOX_OFFICE, READ_ONLY},
    "/admin/accounts/user/add/": {MANAGERS},
    "/admin/accounts/user/{person}/delete/": set(),
    "/admin/auth/group/": set(),
    "/admin/otp_totp/totpdevice/": set(),
    "/admin/admin/logentry/": {MANAGERS, READ_ONLY},
    "/admin/admin/logentry/add/": set(),
    "/admin/tax/taxrule/": {MANAGERS, READ_ONLY},
    "/admin/tax/taxrule/add/": {MANAGERS},
    "/admin/documents/taxdocument/": {MANAGERS, BOX_OFFICE, READ_ONLY},
    "/admin/documents/taxdocument/add/": set(),
    "/admin/documents/journal/": {MANAGERS, READ_ONLY},
    "/admin/documents/documentseries/": {MANAGERS, READ_ONLY},
    "/admin/documents/documentseries/add/": {MANAGERS},
    "/door/": {MANAGERS, BOX_OFFICE, DOOR},
    "/door/{show}/": {MANAGERS, BOX_OFFICE, DOOR},
    "/counter/": {MANAGERS, BOX_OFFICE},
    "/counter/{reference}/": {MANAGERS, BOX_OFFICE},
    "/counter/refunds/": {MANAGERS, BOX_OFFICE},
    "/counter/cash-up/": {MANAGERS, BOX_OFFICE, READ_ONLY},
    "/counter/cash-up/csv/": {MANAGERS, BOX_OFFICE, READ_ONLY},
}


def client_of(role: str) -> Client:
    person = make_user(is_staff=True)
    person.groups.add(Group.objects.get(name=role))
    person.refresh_from_db()
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def booking() -> Booking:
    return make_paid_booking(make_show(), ["A1"])


def filled(address: str, booking: Booking) -> str:
    return address.format(
        show=booking.show_id,
        screen=booking.show.screen_id,
        booking=booking.pk,
        reference=booking.reference,
        order=Order.objects.get(booking=booking).pk,
        person=booking.user_id,
    )


@pytest.mark.parametrize("role", list(ROLES))
def test_each_role_opens_its_pages_and_no_others(role: str, booking: Booking) -> None:
    client = client_of(role)
    for address, allowed in PAGES.items():
        status = client.get(filled(address, booking)).status_code
        assert status == (200 if role in allowed else 403), address


@pytest.mark.parametrize("role", [BOX_OFFICE, DOOR, READ_ONLY])
def test_only_a_manager_changes_a_show(role: str, booking: Booking) -> None:
    client, show = client_of(role), booking.show
    client.post(f"/admin/shows/show/{show.pk}/change/", {"standard_price": "1"})
    client.post(f"/admin/shows/show/{show.pk}/cancel/", {"why": ""})
    client.post("/admin/shows/show/", {"action": "delete_selected", "_selected_action": [show.pk]})
    show.refresh_from_db()
    assert (show.standard_price, str(show.status)) == (Decimal(250), "SCHEDULED")


def test_the_read_only_role_cannot_admit_a_ticket(booking: Booking) -> None:
    for role, status in ((READ_ONLY, 403), (DOOR, 200)):
        sent = {"ticket": booking.reference}
        reply = client_of(role).post(f"/door/{booking.show_id}/", sent)
        assert reply.status_code == status
    assert hasattr(Booking.objects.get(), "admission")


def test_a_manager_cannot_hand_out_rights(booking: Booking) -> None:
    client, person = client_of(MANAGERS), booking.user
    address = f"/admin/accounts/user/{person.pk}/change/"
    manager_group = Group.objects.get(name=MANAGERS).pk
    client.post(
        address,
        {
            "email": person.email,
            "name": "Renamed",
            "is_active": "on",
            "is_staff": "on",
            "is_superuser": "on",
            "groups": [manager_group],
        },
    )
    person.refresh_from_db()
    assert person.name == "Renamed"
    assert not person.is_staff
    assert not person.is_superuser
    assert not person.groups.exists()


def test_a_manager_cannot_touch_a_superuser() -> None:
    boss = User.objects.create_superuser("boss@example.com", name="Boss")
    client_of(MANAGERS).post(f"/admin/accounts/user/{boss.pk}/change/", {"email": "mine@x.example"})
    boss.refresh_from_db()
    assert boss.email == "boss@example.com"


def test_a_migration_writes_the_roles_again_and_leaves_other_groups_alone() -> None:
    own = Group.objects.create(name="ushers")
    own.permissions.add(Permission.objects.get(codename="view_show"))
    Group.objects.get(name=DOOR).permissions.clear()
    call_command("migrate", verbosity=0)
    assert Group.objects.get(name=DOOR).permissions.count() == 3
    assert own.permissions.count() == 1


def test_the_audit_log_shows_what_was_done_and_offers_no_way_to_edit_it() -> None:
    client = staff_client()
    staff = User.objects.get()
    audit.record(by=staff, about=staff, what="Opened the safe.")
    page = client.get("/admin/admin/logentry/").content.decode()
    assert "Opened the safe." in page
    entry = LogEntry.objects.get()
    for verb in ("change", "delete"):
        client.post(f"/admin/admin/logentry/{entry.pk}/{verb}/", {"post": "yes"})
    sent = {"action": "delete_selected", "_selected_action": [entry.pk], "post": "yes"}
    client.post("/admin/admin/logentry/", sent)
    entry.refresh_from_db()
    assert entry.change_message == "Opened the safe."


@pytest.mark.django_db(transaction=True)
def test_even_raw_sql_cannot_change_the_audit_log() -> None:
    staff = make_user(is_staff=True)
    audit.record(by=staff, about=staff, what="Opened the safe.")
    for statement in (
        "UPDATE django_admin_log SET object_repr = ''",
        "DELETE FROM django_admin_log",
    ):
        with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
            cursor.execute(statement)


def test_an_account_in_the_audit_log_is_closed_and_not_deleted() -> None:
    client, staff = staff_client(), make_user(is_staff=True)
    audit.record(by=staff, about=staff, what="Opened the safe.")
    page = client.get(f"/admin/accounts/user/{staff.pk}/delete/").content.decode()
    assert "in the audit log" in page
    client.post(f"/admin/accounts/user/{staff.pk}/delete/", {"post": "yes"})
    assert User.objects.filter(pk=staff.pk).exists()
