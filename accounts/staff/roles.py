"""Who may do what behind the counter: four groups, kept as they are written here.

A group of the house's own beside them is left alone. Rights of single people (is_staff, groups) are
given by superusers.
"""

from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.management import create_permissions

from accounts.models import MANAGERS

BOX_OFFICE, DOOR, READ_ONLY = "box office", "door", "read-only"


def _all_of(*models: str) -> list[str]:
    return [f"{verb}_{model}" for model in models for verb in ("add", "change", "delete", "view")]


def _view(*models: str) -> list[str]:
    return [f"view_{model}" for model in models]


# app → codenames
Rights = dict[str, list[str]]
SEE_THE_HOUSE: Rights = {
    "movies": _view("movie", "genre"),
    "shows": _view("cinema", "screen", "show"),
    "bookings": _view("booking", "admission", "notice"),
    "archive": _view("archivedbooking"),
    "accounts": _view("user"),
}
LET_IN = ["add_admission", "delete_admission", "view_admission"]
ROLES: dict[str, Rights] = {
    MANAGERS: {
        "movies": _all_of("movie", "genre"),
        "shows": [
            *_all_of("cinema", "screen", "show"),
            *("schedule_shows", "cancel_show", "move_show"),
        ],
        "bookings": [*_view("booking", "notice"), "change_notice", "view_takings", *LET_IN],
        "archive": _view("archivedbooking"),
        "accounts": ["add_user", "change_user", "view_user"],
        "admin": _view("logentry"),
    },
    BOX_OFFICE: {
        **SEE_THE_HOUSE,
        "bookings": [*_view("booking", "notice"), "change_notice", *LET_IN],
    },
    DOOR: {"bookings": LET_IN},
    READ_ONLY: {
        **SEE_THE_HOUSE,
        "bookings": [*_view("booking", "admission", "notice"), "view_takings"],
        "admin": _view("logentry"),
    },
}


def write_roles(sender: AppConfig, using: str, **_signal: Any) -> None:
    """Make the groups after a migration: their permissions are only made then."""
    from django.contrib.auth.models import Group, Permission

    for app in {app for rights in ROLES.values() for app in rights}:
        create_permissions(apps.get_app_config(app), verbosity=0, using=using)
    known = {
        (app, codename): pk
        for pk, codename, app in Permission.objects.using(using).values_list(
            "pk", "codename", "content_type__app_label"
        )
    }
    for name, rights in ROLES.items():
        group, _ = Group.objects.using(using).get_or_create(name=name)
        group.permissions.set([known[app, code] for app, codes in rights.items() for code in codes])
