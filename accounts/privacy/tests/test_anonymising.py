"""Staff export and anonymise a person: who may, what is in the way, and what the log keeps."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.errors import NotAnonymised
from accounts.models import User
from accounts.privacy.services import anonymise
from accounts.staff import roles
from bookings import services as bookings
from bookings.models import Booking
from bookings.payments.models import Dispute, Payment
from shows.models import Show
from tests.support.factories import make_booking, make_guest, make_show, make_user
from tests.support.money import make_order, make_payment, make_refund
from tests.support.person import EMAIL, MARKS, SECRETS, well_known_person

pytestmark = pytest.mark.django_db

REASON = "Asked by letter on 3 March."


def client_of(user: User) -> Client:
    client = Client()
    # Read again: a change of rights ends sessions.
    client.force_login(User.objects.get(pk=user.pk))
    return client


@pytest.fixture
def manager() -> User:
    user = make_user(is_staff=True)
    user.groups.add(Group.objects.get(name="manager"))
    return user


def export_page(person: User) -> str:
    return reverse("staff-export-person", args=[person.pk])


def anonymise_page(person: User) -> str:
    return reverse("staff-anonymise-person", args=[person.pk])


def over(booking: Booking) -> Booking:
    """The booking, whose show is now over."""
    now = timezone.now()
    Show.objects.filter(pk=booking.show_id).update(starts_at=now - timedelta(hours=2), ends_at=now)
    return booking


def holds_seats(person: User) -> None:
    bookings.hold_seats(user=person, show_id=make_show().pk, labels=["A1"])


def has_a_ticket(person: User) -> None:
    make_booking(make_show(), ["A1"], user=person)


def is_paying(person: User) -> None:
    make_order(over(make_booking(make_show(), ["A1"], user=person)))


def paid(person: User, state: str = Payment.State.CAPTURED, **fields: Any) -> Payment:
    booking = over(make_booking(make_show(), ["A1"], user=person))
    return make_payment(make_order(booking, state="PAID"), state, **fields)


def gets_money_back(person: User) -> None:
    make_refund(paid(person), 100)


def gets_money_at_the_counter(person: User) -> None:
    make_refund(paid(person), 100, state="MANUAL", next_try_at=None)


def is_looked_at(person: User) -> None:
    paid(person, review="two payments of one order")


def is_captured(person: User) -> None:
    paid(person, Payment.State.CAPTURE_DUE)


def disputes(person: User) -> None:
    payment = paid(person)
    Dispute.objects.create(
        show_id=payment.show_id,
        payment=payment,
        provider="sandbox",
        reference="dp_1",
        amount=100,
        currency="INR",
        state=Dispute.State.NEEDS_RESPONSE,
    )


@pytest.mark.parametrize(
    ("happens", "words"),
    [
        (holds_seats, "holding seats"),
        (has_a_ticket, "a ticket for a coming show"),
        (is_paying, "being paid"),
        (is_captured, "being taken or released"),
        (is_looked_at, "waits for a review"),
        (gets_money_back, "on its way back"),
        (gets_money_at_the_counter, "on its way back"),
        (disputes, "disputed"),
    ],
)
def test_somebody_who_must_be_reachable_is_not_anonymised(
    manager: User, happens: Callable[[User], None], words: str
) -> None:
    person = make_user("anna@example.com")
    happens(person)
    with pytest.raises(NotAnonymised, match=words):
        anonymise(by=manager, person=person, reason=REASON)
    client = client_of(manager)
    page = client.get(anonymise_page(person)).content.decode()
    assert words in page
    assert "Anonymise for good" not in page
    client.post(anonymise_page(person), {"reason": REASON})
    person.refresh_from_db()
    assert person.email == "anna@example.com"


@pytest.mark.parametrize("is_superuser", [False, True])
def test_a_colleague_is_never_anonymised(is_superuser: bool) -> None:
    superuser = make_user(is_staff=True, is_superuser=True)
    colleague = make_user(is_staff=True, is_superuser=is_superuser)
    with pytest.raises(NotAnonymised, match="works here"):
        anonymise(by=superuser, person=colleague, reason=REASON)
    page = client_of(superuser).get(anonymise_page(colleague)).content.decode()
    assert "works here" in page


def test_a_manager_anonymises_with_a_reason_and_the_log_keeps_no_name(manager: User) -> None:
    person = well_known_person()
    client = client_of(manager)
    page = client.post(anonymise_page(person), {"reason": ""})
    assert page.status_code == 422
    assert "Write who asked" in page.content.decode()
    page = client.post(anonymise_page(person), {"reason": REASON}, follow=True)
    assert "Anonymised" in page.content.decode()
    line = LogEntry.objects.latest("pk")
    assert (line.user, line.object_id) == (manager, str(person.pk))
    assert line.get_change_message() == f"Anonymised: {REASON}"
    assert [mark for mark in MARKS if mark in line.object_repr.lower()] == []
    person.refresh_from_db()
    assert not person.is_active
    assert client.get(anonymise_page(person)).status_code == 404, "only once"


def test_a_guest_is_anonymised_too(manager: User) -> None:
    guest = make_guest("guest@example.com", name="Gita")
    client_of(manager).post(anonymise_page(guest), {"reason": REASON})
    guest.refresh_from_db()
    assert (guest.email, guest.name, guest.is_active) == ("", "", False)


def test_a_manager_exports_with_a_reason(manager: User) -> None:
    person = well_known_person()
    client = client_of(manager)
    assert client.post(export_page(person), {"reason": " "}).status_code == 422
    assert LogEntry.objects.filter(object_id=str(person.pk)).count() == 0
    response = client.post(export_page(person), {"reason": REASON})
    assert "attachment" in response["Content-Disposition"]
    assert "no-store" in response["Cache-Control"]
    assert json.loads(response.content)["account"]["email"] == EMAIL
    text = response.content.decode()
    assert [what for what, secret in SECRETS.items() if secret in text] == []
    line = LogEntry.objects.latest("pk")
    assert line.get_change_message() == f"Exported this person's data: {REASON}"


def test_an_account_with_more_rights_is_not_exported(manager: User) -> None:
    superuser = make_user("boss@example.com", is_staff=True, is_superuser=True)
    response = client_of(manager).post(export_page(superuser), {"reason": REASON})
    assert response.status_code == 422
    assert "rights that yours does not have" in response.content.decode()


@pytest.mark.parametrize("role", [roles.BOX_OFFICE, roles.DOOR, roles.READ_ONLY])
def test_other_roles_may_do_neither(role: str) -> None:
    user, person = make_user(is_staff=True), make_user()
    user.groups.add(Group.objects.get(name=role))
    client = client_of(user)
    for page in (export_page(person), anonymise_page(person)):
        assert client.post(page, {"reason": REASON}).status_code == 403
    person.refresh_from_db()
    assert person.is_active


def test_the_person_s_page_in_the_admin_leads_there(manager: User) -> None:
    person = make_user()
    address = reverse("admin:accounts_user_change", args=[person.pk])
    page = client_of(manager).get(address).content.decode()
    assert export_page(person) in page
    assert anonymise_page(person) in page
    clerk = make_user(is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_user"))
    assert export_page(person) not in client_of(clerk).get(address).content.decode()
