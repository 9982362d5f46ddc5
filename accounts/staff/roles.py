"""The roles of staff: four groups and their permissions, set again after each `migrate`.

Other groups are left alone. Superusers give people their groups and `is_staff`.
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


# Codenames of permissions by app.
Rights = dict[str, list[str]]
COMMON_VIEW_RIGHTS: Rights = {
    "movies": _view("movie", "genre"),
    "shows": _view("cinema", "screen", "show"),
    "bookings": _view("booking", "admission"),
    "outbox": _view("message"),
    "archive": _view("archivedbooking"),
    "waiting": _view("entry"),
    "waiting_room": _view("onsale"),
    "payments": _view("order", "payment", "refund", "dispute"),
    "accounts": _view("user"),
}
ADMIT_RIGHTS = ["add_admission", "delete_admission", "view_admission"]
ROLES: dict[str, Rights] = {
    MANAGERS: {
        "movies": _all_of("movie", "genre"),
        "shows": [
            *_all_of("cinema", "screen", "show"),
            *("schedule_shows", "cancel_show", "move_show"),
        ],
        "bookings": [
            *_view("booking"),
            *("view_takings", "cancel_for_customer"),
            *ADMIT_RIGHTS,
        ],
        "outbox": ["view_message", "change_message"],
        "archive": _view("archivedbooking"),
        "waiting": _view("entry"),
        "waiting_room": ["view_onsale", "run_on_sale"],
        "payments": [
            *_view("order", "payment", "refund", "dispute", "providerevent"),
            *("give_refund", "settle_refund", "check_payment", "review_payment"),
        ],
        "tax": _all_of("taxrule"),
        "counter": ["take_money", *_view("cashup"), "oversee_counter", "admit_unpaid"],
        "documents": [
            *_view("taxdocument", "documentseries"),
            *("add_documentseries", "change_documentseries", "export_journal"),
        ],
        "accounts": [
            *("add_user", "change_user", "view_user"),
            *("export_person", "anonymise_person"),
        ],
        "admin": _view("logentry"),
    },
    BOX_OFFICE: {
        **COMMON_VIEW_RIGHTS,
        "bookings": [
            *_view("booking"),
            "cancel_for_customer",
            *ADMIT_RIGHTS,
        ],
        "outbox": ["view_message", "change_message"],
        "payments": [
            *_view("order", "payment", "refund", "dispute"),
            *("settle_refund", "check_payment"),
        ],
        "counter": ["take_money"],
        "documents": _view("taxdocument"),
    },
    DOOR: {"bookings": ADMIT_RIGHTS},
    READ_ONLY: {
        **COMMON_VIEW_RIGHTS,
        "bookings": [*_view("booking", "admission"), "view_takings"],
        "tax": _view("taxrule"),
        "counter": _view("cashup"),
        "documents": [*_view("taxdocument", "documentseries"), "export_journal"],
        "admin": _view("logentry"),
    },
}


def write_roles(sender: AppConfig, using: str, **_signal: Any) -> None:
    """Create or correct the groups. Runs after each `migrate`.

    Django has not yet created the permissions of the apps that come later, so this does.
    """
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
