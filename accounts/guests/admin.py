"""Guests in the admin: a list beside that of the accounts, and fewer fields."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import User

#: A guest has no password and no rights.
FIELDS_OF_GUEST: Any = (
    (None, {"fields": ("email", "name", "phone", "is_active")}),
    ("Record", {"fields": ("email_confirmed_at", "created_at", "updated_at")}),
)


class Kind(admin.SimpleListFilter):
    """Shows accounts by default; the other choices are guests and both."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("guests", "Guests"), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        yield {**first, "display": "Accounts"}
        yield from others

    def queryset(self, request: HttpRequest, people: QuerySet[User]) -> QuerySet[User]:
        if self.value() == "all":
            return people
        return people.filter(is_guest=self.value() == "guests")


def ordering_of(request: HttpRequest) -> tuple[str, ...]:
    """Accounts by email. Guests newest first: most of them have no email. Both have an index."""
    return ("email",) if Kind.parameter_name not in request.GET else ("-created_at", "-id")
