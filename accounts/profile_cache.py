"""The profile that the API returns, cached for half an hour (docs/spec.md §7).

For display only: authentication and rights are read from the database with every request. An entry
is dropped when a session is logged out, and when the account is saved or its groups change.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.db import transaction
from django.db.models.signals import m2m_changed, post_save

from bookmyshow.core.cache import Group, cacheable, drop_group

from .models import User

KEPT_SECONDS = 30 * 60


@cacheable
@dataclass(frozen=True, slots=True)
class Profile:
    pk: int
    name: str
    email: str
    phone: str
    role: str
    created_at: datetime


def profile_of(user_id: int) -> Profile:
    """The profile, from the cache or the database. `request.auth` is not used for a new entry: it
    may have been read before the change that dropped the old entry."""
    return Group(_group(user_id)).get_or_compute(
        "profile", partial(_read, user_id), seconds=KEPT_SECONDS
    )


def _read(user_id: int) -> Profile:
    user = User.objects.get(pk=user_id)
    return Profile(user.pk, user.name, user.email, user.phone, user.role, user.created_at)


def _group(user_id: int) -> str:
    return f"person:{user_id}"


def _forget(user_id: int) -> None:
    transaction.on_commit(partial(drop_group, _group(user_id)))


def connect_signals() -> None:
    """Drop a profile at log-out and when the account changes. Called when the app starts."""

    def saved(instance: User, **_signal: Any) -> None:
        # A guest has no profile in the API.
        if not instance.is_guest:
            _forget(instance.pk)

    def logged_out(user: User | None, **_signal: Any) -> None:
        if user is not None:
            _forget(user.pk)

    def groups_changed(
        instance: Any, reverse: bool, pk_set: set[int] | None, **_signal: Any
    ) -> None:
        for user_id in (pk_set or ()) if reverse else [instance.pk]:
            _forget(user_id)

    uid = "profiles"
    post_save.connect(saved, sender=User, weak=False, dispatch_uid=uid)
    user_logged_out.connect(logged_out, weak=False, dispatch_uid=uid)
    m2m_changed.connect(groups_changed, sender=User.groups.through, weak=False, dispatch_uid=uid)
