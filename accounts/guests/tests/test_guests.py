"""What a guest is, and what it can never do (docs/spec.md §19.1)."""

from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import services
from accounts.backends import active_person
from accounts.email.confirmation import confirm_email, link_token
from accounts.email.mails import write_reset_link
from accounts.errors import EmailTaken, LinkNotValid
from accounts.models import User
from accounts.outbox.models import Message
from accounts.tokens import issue_token, user_of_token
from tests.support.constraints import refused_by
from tests.support.factories import make_guest, make_user

pytestmark = pytest.mark.django_db

ANNA = "anna@example.com"


def test_many_guests_and_one_account_may_have_the_same_email() -> None:
    make_guest(ANNA)
    make_guest(ANNA.upper())
    account = make_user(ANNA)
    assert User.objects.get_by_natural_key(ANNA) == account
    with refused_by("user_email_unique_any_case"):
        make_user("Anna@Example.com")


def test_only_a_guest_may_have_no_email() -> None:
    assert make_guest(email="").email == ""
    with refused_by("user_email_not_empty"):
        User.objects.create(email="", name="Nobody")


@pytest.mark.parametrize(
    "rights",
    [
        {"is_staff": True},
        {"is_superuser": True},
        {"password": "pbkdf2_sha256$1$salt$hash"},
        {"last_login": timezone.now()},
    ],
    ids=lambda rights: next(iter(rights)),
)
def test_the_database_refuses_rights_and_a_password_for_a_guest(rights: dict[str, Any]) -> None:
    guest = make_guest(ANNA)
    with refused_by("user_guest_never_logs_in"):
        User.objects.filter(pk=guest.pk).update(**rights)


def test_a_guest_has_neither_a_log_in_nor_a_session_nor_a_token() -> None:
    guest = make_guest(ANNA)
    assert not guest.has_usable_password()
    assert authenticate(None, username=ANNA, password="") is None
    assert active_person(guest.pk) is None
    assert user_of_token(issue_token(guest)) is None
    client = Client()
    client.force_login(make_user())
    session = client.session
    session["_auth_user_id"] = str(guest.pk)
    session.save()
    assert client.get(reverse("accounts:profile")).status_code == 302


def test_the_mailed_links_of_accounts_are_not_for_guests() -> None:
    guest = make_guest(ANNA)
    write_reset_link(ANNA)
    assert not Message.objects.exclude(user=None, address="").exists()
    with pytest.raises(LinkNotValid):
        confirm_email(token=link_token(guest))
    guest.refresh_from_db()
    assert guest.email_confirmed_at is None


def test_an_email_that_only_guests_have_is_free_for_an_account() -> None:
    make_guest(ANNA)
    form = {"name": "Anna Berg", "email": ANNA, "password": "correct horse battery"}
    assert Client().post(reverse("accounts:signup"), form).status_code == 302
    assert User.objects.with_email(ANNA).get().name == "Anna Berg"
    with pytest.raises(EmailTaken):
        services.sign_up(email=ANNA, name="Another", password="correct horse battery")


def test_commands_find_accounts_only() -> None:
    make_guest(ANNA)
    with pytest.raises(CommandError, match="no account"):
        call_command("reset_two_factor", ANNA)
    call_command("createsuperuser", email=ANNA, name="Anna Berg", interactive=False)
    assert User.objects.with_email(ANNA).get().is_superuser


def test_a_search_for_an_email_uses_the_index_of_accounts() -> None:
    # In a nearly empty table one index is as good as another.
    User.objects.bulk_create(User(email=f"reader{n}@example.com", name="A") for n in range(1000))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE accounts_user")
    plan = User.objects.with_email(ANNA).explain()
    assert "Index Scan using user_email_unique_any_case" in plan


def test_a_guest_without_a_name_is_still_called_something() -> None:
    guest = make_guest(email="")
    assert str(guest) == guest.get_short_name() == f"guest {guest.pk}"
    assert str(make_guest(ANNA)) == ANNA
