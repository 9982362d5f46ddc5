"""A change of rights or of the second factor ends sessions and tokens of before."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import IntegrityError, transaction
from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import MANAGERS, User
from accounts.tokens import issue_token, user_of_token
from tests.support.factories import make_user

pytestmark = pytest.mark.django_db


def manager_group() -> Group:
    return Group.objects.get(name=MANAGERS)


def right() -> Permission:
    return Permission.objects.get(codename="view_show")


def confirmed_device(user: User) -> TOTPDevice:
    return TOTPDevice.objects.create(user=user, name="app", confirmed=True)


CHANGES: dict[str, Callable[[User], object]] = {
    "joins a group": lambda user: user.groups.add(manager_group()),
    "is added to a group": lambda user: manager_group().user_set.add(user),
    "gets a permission": lambda user: user.user_permissions.add(right()),
    "works here": lambda user: User.objects.filter(pk=user.pk).update(is_staff=True),
    "may do everything": lambda user: User.objects.filter(pk=user.pk).update(is_superuser=True),
    "is closed": lambda user: User.objects.filter(pk=user.pk).update(is_active=False),
    "gets an authenticator app": confirmed_device,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_ends_tokens_and_sessions(change: Callable[[User], object]) -> None:
    user = make_user()
    token, browser = issue_token(user), Client()
    browser.force_login(user)
    assert user_of_token(token)
    change(user)
    assert user_of_token(token) is None
    assert browser.get("/accounts/profile/").status_code == 302


LOSSES: dict[str, Callable[[User], object]] = {
    "leaves a group": lambda user: user.groups.clear(),
    "loses a permission": lambda user: user.user_permissions.clear(),
    "no longer works here": lambda user: User.objects.filter(pk=user.pk).update(is_staff=False),
    "loses the app": lambda user: TOTPDevice.objects.filter(user=user).delete(),
    "app has another secret": lambda user: TOTPDevice.objects.update(key="00" * 20),
    "the group may do more": lambda user: manager_group().permissions.add(
        Permission.objects.get(codename="delete_user")
    ),
    "the group may do less": lambda user: manager_group().permissions.remove(right()),
    "the group has another name": lambda user: Group.objects.filter(name=MANAGERS).update(name="x"),
    "the group is deleted": lambda user: manager_group().delete(),
}


@pytest.mark.parametrize("change", LOSSES.values(), ids=LOSSES)
def test_a_change_of_somebody_with_rights_ends_tokens_and_sessions(
    change: Callable[[User], object],
) -> None:
    user, bystander = make_user(is_staff=True), make_user(is_staff=True)
    manager_group().permissions.add(right())
    user.groups.add(manager_group())
    user.user_permissions.add(right())
    confirmed_device(user)
    user.refresh_from_db()
    token, other = issue_token(user), issue_token(bystander)
    assert user_of_token(token)
    change(user)
    assert user_of_token(token) is None
    assert user_of_token(other)


def test_a_change_without_new_rights_ends_nothing() -> None:
    user = make_user()
    device = confirmed_device(user)
    user.refresh_from_db()
    token = issue_token(user)
    User.objects.filter(pk=user.pk).update(name="Ravi", is_staff=False)
    TOTPDevice.objects.create(user=user, name="another", confirmed=False)
    device.throttle_increment()
    manager_group().permissions.set(manager_group().permissions.all())
    assert user_of_token(token)


def test_saving_a_stale_copy_does_not_revive_a_token() -> None:
    user = make_user()
    stale, token = User.objects.get(pk=user.pk), issue_token(user)
    user.groups.add(manager_group())
    stale.name = "Ravi"
    stale.save()
    assert user_of_token(token) is None


def test_the_database_keeps_one_authenticator_app_per_person() -> None:
    user = make_user()
    confirmed_device(user)
    with pytest.raises(IntegrityError, match="one_authenticator_per_person"), transaction.atomic():
        confirmed_device(user)
