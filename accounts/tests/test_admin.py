from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.contrib.admin import site
from django.contrib.auth.models import Group, Permission
from django.contrib.sessions.backends.db import SessionStore
from django.core.mail import EmailMessage
from django.forms import modelform_factory
from django.test import Client, RequestFactory

from accounts import services
from accounts.models import MANAGERS, User
from accounts.outbox.sending import send_due
from accounts.tokens import issue_token, user_of_token
from tests.support.admin_site import assert_few_queries, errors_of, staff_client
from tests.support.factories import make_user

pytestmark = pytest.mark.django_db
ADD = "/admin/accounts/user/add/"
PASSWORD = "correct horse battery"


@pytest.fixture
def client(db: None) -> Client:
    return staff_client()


def person(**values: str) -> dict[str, str]:
    return {
        "email": "asha@example.com",
        "name": "Asha Rao",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
    } | values


def test_the_list_needs_few_queries_for_many_rows(client: Client) -> None:
    assert_few_queries(client, "accounts_user", make_user)


def test_an_account_is_made_by_email_and_can_log_in(client: Client) -> None:
    assert client.post(ADD, person()).status_code == 302

    user = User.objects.get(email="asha@example.com")
    assert user.check_password(PASSWORD)
    assert not user.is_staff


@pytest.mark.parametrize(
    ("values", "field", "message"),
    [
        ({"email": "TAKEN@example.com"}, "email", "An account with this email already exists."),
        ({"email": "asha"}, "email", "Enter a valid email address."),
        ({"name": ""}, "name", "This field is required."),
        ({"password2": "other words here"}, "password2", "didn’t match"),
        ({"password1": "qwerty123456", "password2": "qwerty123456"}, "password2", "too common"),
    ],
)
def test_errors_of_the_form_are_shown_at_their_field(
    client: Client, values: dict[str, str], field: str, message: str
) -> None:
    make_user("taken@example.com")

    errors = errors_of(client.post(ADD, person(**values)))

    assert list(errors) == [field]
    assert message in errors[field][0]


def test_a_new_password_is_hashed_and_ends_sessions_and_tokens(client: Client) -> None:
    user = make_user(password="old words here")
    version = user.token_version

    client.post(
        f"/admin/accounts/user/{user.pk}/password/",
        {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD},
    )

    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert user.token_version > version


def test_a_person_is_found_by_email_name_or_phone(client: Client) -> None:
    make_user("asha.rao@example.com", name="Āsha O'Rao", phone="+91 22 5550 1234")
    make_user("ben@example.com", name="Ben", phone="5551")

    for typed in ("asha.", "RAO", "asha o'r", "5550", "1234", "(22) 5550-1234"):
        page = client.get("/admin/accounts/user/", {"q": typed}).text
        assert "asha.rao@example.com" in page, typed
        assert "ben@example.com" not in page


def clerk(*permissions: str) -> Client:
    user = make_user(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    user.refresh_from_db()
    client = Client()
    client.force_login(user)
    return client


def test_only_a_superuser_grants_rights() -> None:
    user = make_user()
    values: dict[str, Any] = {"email": user.email, "name": "New name", "is_active": "on"}
    values |= {"is_staff": "on", "is_superuser": "on"}

    clerk("change_user", "view_user").post(f"/admin/accounts/user/{user.pk}/change/", values)

    user.refresh_from_db()
    assert user.name == "New name"
    assert not user.is_staff
    assert not user.is_superuser


def test_only_a_superuser_changes_a_superuser() -> None:
    boss = User.objects.create_superuser("boss@example.com", "boss's words", name="Boss")
    client = clerk("change_user", "view_user", "delete_user")
    page = f"/admin/accounts/user/{boss.pk}"

    assert client.post(f"{page}/change/", {"email": "mine@example.com"}).status_code == 403
    new = {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    assert client.post(f"{page}/password/", new).status_code == 403
    assert client.post(f"{page}/delete/", {"post": "yes"}).status_code == 403


def more_rights(*, is_active: bool = True) -> User:
    """A person with a right that a clerk who changes accounts doesn't have."""
    user = make_user(is_staff=True, password="their own words", is_active=is_active)
    user.user_permissions.set(Permission.objects.filter(codename="cancel_show"))
    return user


def a_manager() -> User:
    user = make_user(is_staff=True, password="their own words")
    user.groups.set(Group.objects.filter(name=MANAGERS))
    return user


@pytest.mark.parametrize(
    "make",
    [more_rights, partial(more_rights, is_active=False), a_manager],
    ids=["more permissions", "closed", "manager"],
)
def test_staff_cannot_change_an_account_with_more_rights(
    make: Callable[[], User],
) -> None:
    other, client = make(), clerk("change_user", "view_user", "delete_user")
    page = f"/admin/accounts/user/{other.pk}"
    new = {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}

    assert client.post(f"{page}/change/", {"email": "mine@example.com"}).status_code == 403
    assert client.get(f"{page}/password/").status_code == 403
    assert client.post(f"{page}/password/", new).status_code == 403
    assert client.post(f"{page}/delete/", {"post": "yes"}).status_code == 403
    client.post(
        "/admin/accounts/user/",
        {"action": "delete_selected", "_selected_action": [other.pk], "post": "yes"},
    )

    other.refresh_from_db()
    assert other.check_password("their own words")


def test_staff_can_change_an_account_with_no_more_rights() -> None:
    equal = make_user(is_staff=True, password="their own words")
    equal.user_permissions.set(Permission.objects.filter(codename="view_user"))
    new = {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}

    for other in (equal, make_user(password="their own words")):
        page = f"/admin/accounts/user/{other.pk}/password/"
        assert clerk("change_user", "view_user").post(page, new).status_code == 302
        other.refresh_from_db()
        assert other.check_password(PASSWORD)


@pytest.mark.django_db(transaction=True)
def test_a_change_by_staff_is_mailed_to_the_account(
    client: Client, mailoutbox: list[EmailMessage]
) -> None:
    user = make_user("before@example.com", name="Ravi")
    manager = Group.objects.get(name=MANAGERS)
    client.post(
        f"/admin/accounts/user/{user.pk}/change/",
        {
            "email": "after@example.com",
            "name": "Ravi",
            "is_active": "on",
            "is_staff": "on",
            "groups": [manager.pk],
        },
    )
    send_due()
    assert sorted(message.to[0] for message in mailoutbox) == [
        "after@example.com",
        "before@example.com",
    ]
    assert "email, works here, groups" in str(mailoutbox[0].body)
    assert "Staff, who works at the cinema" in str(mailoutbox[0].body)


def test_a_new_address_that_staff_write_ends_the_log_ins_of_its_person(client: Client) -> None:
    user = make_user(name="Ravi")
    token = issue_token(user)
    page = f"/admin/accounts/user/{user.pk}/change/"
    client.post(page, {"email": user.email, "name": "Ravi S", "is_active": "on"})
    assert user_of_token(token) == user
    client.post(page, {"email": "after@example.com", "name": "Ravi S", "is_active": "on"})
    assert user_of_token(token) is None


@pytest.mark.django_db(transaction=True)
def test_a_password_set_by_staff_is_mailed_to_the_account(
    client: Client, mailoutbox: list[EmailMessage]
) -> None:
    user = make_user("asha@example.com")
    new = {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    client.post(f"/admin/accounts/user/{user.pk}/password/", new)
    send_due()
    assert [message.to for message in mailoutbox] == [["asha@example.com"]]
    assert "password" in str(mailoutbox[0].subject)


def test_customers_cannot_open_the_admin() -> None:
    client = Client()
    client.force_login(make_user())

    assert client.get("/admin/").status_code == 302


def test_a_form_opened_before_a_new_password_does_not_restore_the_old_one(
    rf: RequestFactory,
) -> None:
    owner = make_user("asha@example.com", "their own words")
    read_before = User.objects.get(pk=owner.pk)
    services.set_password(user=owner, password=PASSWORD)
    form_class = modelform_factory(User, fields=["name", "email"])
    form = form_class({"name": "New", "email": "new@example.com"}, instance=read_before)
    assert form.is_valid()
    obj = form.save(commit=False)
    request = rf.post("/")
    request.user, request.session = owner, SessionStore()
    site._registry[User].save_model(request, obj, form, change=True)
    owner.refresh_from_db()
    assert (owner.name, owner.email) == ("New", "new@example.com")
    assert owner.check_password(PASSWORD)


def test_the_admin_calls_authenticator_apps_by_that_name(client: Client) -> None:
    page = client.get("/admin/").content.decode()
    assert "Authenticator apps" in page
    assert "otp_totp</" not in page.lower()
