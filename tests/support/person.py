"""Makes a person with a row in every table that can hold personal data, for tests of privacy."""

from datetime import timedelta

from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import RecoveryCode, User
from accounts.outbox.services import write
from accounts.push.models import Subscription
from bookings.archive.services import archive_batch
from bookings.documents.numbering import number_documents
from bookings.payments.models import Payment
from bookings.waiting_list.models import Entry
from shows.models import Show
from shows.tell_me import services as tell_me
from shows.waiting_room.models import Place
from tests.support.documents import make_taxed_show
from tests.support.factories import make_booking, make_guest, make_movie, make_show, make_user
from tests.support.money import make_order, make_payment, make_refund
from tests.support.on_sale import make_sale

NAME, EMAIL, PHONE = "Quirina Zeldovich", "quirina.zeldovich@example.com", "+91 90000 76543"
#: Texts that must appear nowhere once the person is forgotten.
MARKS = ("quirina", "zeldovich", "76543")
#: Texts that open something, and belong into no export.
SECRETS = {
    "endpoint": "https://push.example/secret-endpoint",
    "p256dh": "the-public-key-of-a-browser",
    "auth": "the-push-secret",
    "digest": "d1ge57" * 8,
    "totp": "7077aaaa7077bbbb7077",
    "checkout": "https://pay.example/secret-session",
}
A_YEAR = timedelta(days=366)


def well_known_person(*, guest: bool = False) -> User:
    """A customer or a guest with one row in every table that refers to people like them.

    All shows are over and no money is under way, so that staff may anonymise the person.
    """
    if guest:
        person = make_guest(EMAIL, name=NAME, phone=PHONE, email_confirmed_at=timezone.now())
    else:
        person = make_user(
            EMAIL, "velvet curtain 7", name=NAME, phone=PHONE, email_confirmed_at=timezone.now()
        )
        RecoveryCode.objects.create(user=person, digest=SECRETS["digest"])
        TOTPDevice.objects.create(user=person, name="app", key=SECRETS["totp"])
    _buy(person)
    _archive(person)
    Entry.objects.create(user=person, show=make_show(), seats=2, together=True, wheelchair=False)
    tell_me.ask(user=person, movie=make_movie())
    Place.objects.create(on_sale=make_sale(make_show()), user=person, number=1)
    write("confirm-email", key=f"test:{person.pk}", user=person, address=EMAIL)
    Subscription.objects.create(
        user=person,
        device="device",
        endpoint=SECRETS["endpoint"],
        p256dh=SECRETS["p256dh"],
        auth=SECRETS["auth"],
        name="Chrome on Android",
        hold=True,
        show=True,
        moved=True,
    )
    return person


def _buy(person: User) -> None:
    """Buy two seats, pay online, get an invoice, cancel, and get the money back."""
    booking = make_booking(make_taxed_show(), ["A1", "A2"], user=person)
    payment = make_payment(
        make_order(booking, state="PAID"),
        Payment.State.CAPTURED,
        checkout_url=SECRETS["checkout"],
        checkout_form={"prefill": {"name": NAME, "email": EMAIL, "contact": PHONE}},
    )
    make_refund(payment, 100, state="SUCCEEDED", next_try_at=None)
    number_documents()
    _end(booking.show)


def _archive(person: User) -> None:
    booking = make_booking(make_show(), ["A1"], user=person)
    _end(booking.show, ago=A_YEAR)
    archive_batch(size=1)


def _end(show: Show, *, ago: timedelta = timedelta(hours=3)) -> None:
    end = timezone.now() - ago
    Show.objects.filter(pk=show.pk).update(
        starts_at=end - timedelta(hours=2), ends_at=end, busy_until=end
    )
