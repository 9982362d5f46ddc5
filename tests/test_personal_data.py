"""Every column that is about a person is in the export, or in a list with the reason why not; and
nothing of it is left when the person is forgotten.

A new foreign key to a person, or a new column of names or addresses, fails here until somebody has
decided about both (docs/spec.md §10.6).
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.db.models import Field

from accounts.export import account_data
from accounts.models import User
from accounts.privacy.services import anonymise, delete_account
from bookings.documents.models import TaxDocument
from tests.support.factories import make_user
from tests.support.person import MARKS, SECRETS, well_known_person

#: Column → the part of the export that has it.
EXPORTED = {
    "accounts.User.email": "account",
    "accounts.User.name": "account",
    "accounts.User.phone": "account",
    "archive.ArchivedBooking.user": "bookings",
    "bookings.Booking.user": "bookings",
    "documents.TaxDocument.buyer_email": "invoices",
    "documents.TaxDocument.buyer_name": "invoices",
    "outbox.Message.address": "messages",
    "outbox.Message.user": "messages",
    "payments.Order.email": "orders",
    "payments.Order.user": "orders",
    "push.Subscription.name": "pushSubscriptions",
    "push.Subscription.user": "pushSubscriptions",
    "tell_me.FilmWish.user": "filmsWaitedFor",
    "waiting.Entry.user": "waitingLists",
    "waiting_room.Place.user": "waitingRooms",
}
BY_STAFF = "what a member of staff did at work: kept as the cinema's record"
SECRET = "a secret of the log-in, which an export must not hold"
NOT_A_PERSON = "the name or address of a thing, not of a person"
NOT_EXPORTED = {
    "accounts.RecoveryCode.user": SECRET,
    "admin.LogEntry.user": BY_STAFF,
    "auth.Group.name": NOT_A_PERSON,
    "auth.Permission.codename": NOT_A_PERSON,
    "auth.Permission.name": NOT_A_PERSON,
    "bookings.Admission.admitted_by": BY_STAFF,
    "counter.CashUp.by": BY_STAFF,
    "counter.CashUp.clerk": BY_STAFF,
    "documents.TaxDocument.cinema_name": NOT_A_PERSON,
    "documents.TaxDocument.screen_name": NOT_A_PERSON,
    "documents.TaxDocument.seller_address": NOT_A_PERSON,
    "documents.TaxDocument.seller_name": NOT_A_PERSON,
    "movies.Genre.name": NOT_A_PERSON,
    "otp_totp.TOTPDevice.name": SECRET,
    "otp_totp.TOTPDevice.user": SECRET,
    "outbox.Message.handled_by": BY_STAFF,
    "payments.Order.cinema_name": NOT_A_PERSON,
    "payments.Order.screen_name": NOT_A_PERSON,
    "payments.OrderLine.tax_name": NOT_A_PERSON,
    "payments.Payment.taken_by": BY_STAFF,
    "payments.Refund.by": BY_STAFF,
    "payments.Refund.handed_back_by": BY_STAFF,
    "shows.Cinema.address": NOT_A_PERSON,
    "shows.Cinema.legal_name": NOT_A_PERSON,
    "shows.Cinema.name": NOT_A_PERSON,
    "shows.Screen.name": NOT_A_PERSON,
    "tax.TaxRule.name": NOT_A_PERSON,
    "waiting_room.OnSale.scheduled_by": BY_STAFF,
}
#: Tables that keep a forgotten person's name or address, and why.
KEPT = {
    "documents_taxdocument": "tax law wants invoices as they were issued (a trigger)",
}
WORDS = re.compile(r"name|e?mail|phone|address|buyer|customer|recipient|surname")
#: Django's own tables, which hold names of models and apps.
FRAMEWORK = {"contenttypes", "sessions"}


def columns(tables: Iterable[type[models.Model]]) -> Iterator[tuple[str, "Field[Any, Any]"]]:
    for model in tables:
        if model._meta.app_label not in FRAMEWORK and not model._meta.proxy:
            for field in model._meta.concrete_fields:
                yield f"{model._meta.label}.{field.name}", field


def is_about_a_person(field: "Field[Any, Any]") -> bool:
    if field.is_relation:
        return field.related_model is User
    is_text = field.get_internal_type() in {"CharField", "TextField", "EmailField", "JSONField"}
    return is_text and bool(WORDS.search(field.name))


def test_every_column_about_a_person_is_exported_or_has_a_reason() -> None:
    found = {name for name, field in columns(apps.get_models()) if is_about_a_person(field)}
    assert found == EXPORTED.keys() | NOT_EXPORTED.keys(), (
        "Decide: add the column to the export (accounts.export.add_part) and to what is forgotten "
        "(accounts.privacy.parts), or name the reason here."
    )
    assert not EXPORTED.keys() & NOT_EXPORTED.keys()


def test_a_new_table_about_people_would_be_noticed() -> None:
    """The control: a table that nobody decided about fails the test above."""

    class Diary(models.Model):
        owner = models.ForeignKey(User, on_delete=models.DO_NOTHING, related_name="+")
        pen_name = models.CharField(max_length=10)
        text = models.TextField()

        class Meta:
            app_label = "unknown"
            managed = False

        def __str__(self) -> str:
            return self.pen_name

    try:
        found = {name for name, field in columns([Diary]) if is_about_a_person(field)}
    finally:
        del apps.all_models["unknown"]
        apps.clear_cache()
    assert found - EXPORTED.keys() - NOT_EXPORTED.keys() == {
        "unknown.Diary.owner",
        "unknown.Diary.pen_name",
    }


@pytest.mark.django_db
@pytest.mark.parametrize("guest", [False, True], ids=["account", "guest"])
def test_the_export_has_every_part_and_no_secret(guest: bool) -> None:
    person = well_known_person(guest=guest)
    data = account_data(person)
    parts = set(EXPORTED.values())
    assert parts <= data.keys()
    assert [part for part in parts if not data[part]] == []
    text = json.dumps(data, cls=DjangoJSONEncoder)
    assert person.email in text
    leaked = [what for what, secret in SECRETS.items() if secret in text]
    assert leaked == []
    assert person.password not in text


@pytest.mark.django_db
def test_the_export_has_nothing_of_other_people() -> None:
    well_known_person()
    text = json.dumps(account_data(make_user("other@example.com")), cls=DjangoJSONEncoder)
    assert [mark for mark in MARKS if mark in text.lower()] == []


@pytest.mark.django_db
@pytest.mark.parametrize("guest", [False, True], ids=["account", "guest"])
@pytest.mark.parametrize("by_staff", [False, True], ids=["own wish", "by staff"])
def test_nothing_is_left_of_a_forgotten_person(guest: bool, by_staff: bool) -> None:
    person = well_known_person(guest=guest)
    assert set(KEPT) < tables_with_marks(), "the search must find something before"
    if by_staff:
        staff = make_user(is_staff=True, is_superuser=True)
        anonymise(by=staff, person=person, reason="Asked for it by letter.")
    else:
        delete_account(user=person)
    assert tables_with_marks() == KEPT.keys()
    assert TaxDocument.objects.filter(buyer_email=person.email).exists()


def tables_with_marks() -> set[str]:
    """The tables in which one of the person's marks is still written, in any column."""
    names = {model._meta.db_table for model in apps.get_models()} - {Session._meta.db_table}
    pattern = "|".join(MARKS)
    found = set()
    with connection.cursor() as cursor:
        for name in names & set(connection.introspection.table_names(cursor)) | partitioned(names):
            cursor.execute(
                f'SELECT EXISTS (SELECT 1 FROM "{name}" t WHERE t::text ~* %s)', [pattern]
            )
            if cursor.fetchone() == (True,):
                found.add(name)
    return found


def partitioned(names: set[str]) -> set[str]:
    """The archive's tables, which Django's introspection does not list."""
    return {name for name in names if name.startswith("archive_")}
