from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.test import Client
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from accounts import services
from accounts.models import User
from accounts.profile_cache import KEPT_SECONDS, profile_of
from accounts.tokens import issue_token
from tests.support.factories import make_user

pytestmark = pytest.mark.django_db


def test_a_profile_is_cached_for_half_an_hour(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    user = make_user(name="Asha")
    first = profile_of(user.pk)
    with django_assert_num_queries(0):
        assert profile_of(user.pk) == first
    (key,) = cache.keys(f"person:{user.pk}:*")  # type: ignore[attr-defined]
    assert KEPT_SECONDS - 120 < cache.ttl(key) <= KEPT_SECONDS  # type: ignore[attr-defined]


def test_a_cached_profile_has_no_password() -> None:
    user = make_user(password="blue-kettle-42")
    assert user.password not in repr(profile_of(user.pk))


def change(user: User) -> None:
    services.change_details(user=user, name="Asha Iyer", phone="")


def promote(user: User) -> None:
    user.groups.add(Group.objects.get_or_create(name="manager")[0])


def log_out(user: User) -> None:
    client = Client()
    client.force_login(user)
    client.post("/accounts/logout/")


@pytest.mark.parametrize("act", [change, promote, log_out])
def test_a_cached_profile_is_dropped_when(
    act: Callable[[User], None],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    user = make_user(name="Asha")
    profile_of(user.pk)
    with django_capture_on_commit_callbacks(execute=True):
        act(user)
    user.refresh_from_db()
    fresh = profile_of(user.pk)
    assert (fresh.name, fresh.role) == (user.name, user.role)
    with django_assert_num_queries(0):
        profile_of(user.pk)


def test_a_closed_account_is_refused_at_once_despite_the_cache(client: Client) -> None:
    user = make_user()
    headers = {"Authorization": f"Bearer {issue_token(user)}"}
    assert client.get("/api/auth/profile", headers=headers).status_code == 200
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert client.get("/api/auth/profile", headers=headers).status_code == 401
