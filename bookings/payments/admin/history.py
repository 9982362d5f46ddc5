"""What the admin lists of money share: nobody edits them, they are searched and exported."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.db import IntegrityError, transaction
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.search import MAX_PEOPLE, ids_of_people
from bookings.errors import BookingError
from bookings.payments.models import Order
from bookmyshow.core.currencies import from_minor
from bookmyshow.core.staff.bounded_changelist import LongListAdmin
from bookmyshow.core.staff.reasons import NO_REASON, reason_of
from shows.errors import ShowBusy

REFERENCE = re.compile(r"BM[OV][0-9A-Z]{2,12}")


class HistoryAdmin(LongListAdmin):
    """A list that nobody edits. Only services change its rows."""

    #: The path from a row to its order.
    path_to_order = ""
    #: Other columns that a search compares with the whole typed text.
    exact_fields: tuple[str, ...] = ()
    search_fields = ("pk",)
    search_help_text = (
        "The beginning of an order’s or booking’s reference, the customer’s name, email or phone, "
        "or a provider’s id."
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        typed = search_term.strip()
        if not typed:
            return queryset, False
        found = Q(**{f"{self.path_to_order}user__in": ids_of_people(typed)[:MAX_PEOPLE]})
        reference = re.sub(r"[\s-]", "", typed).upper()
        if REFERENCE.fullmatch(reference):
            field = "reference" if reference.startswith("BMO") else "booking_reference"
            found |= Q(**{f"{self.path_to_order}{field}__startswith": reference})
        for name in self.exact_fields:
            found |= Q(**{name: typed})
        return queryset.filter(found), False

    def act_on_each(
        self,
        request: HttpRequest,
        chosen: QuerySet[Any],
        act: Callable[[Any, str], object],
        done: str,
    ) -> None:
        """Call `act(row, reason)` for each chosen row; say how many were done, and each error."""
        reason = reason_of(request)
        if not reason:
            self.message_user(request, NO_REASON, messages.ERROR)
            return
        count = 0
        for row in chosen.order_by("pk"):
            try:
                with transaction.atomic():
                    act(row, reason)
            except (BookingError, ShowBusy) as error:
                self.message_user(request, f"{row}: {error.message}", messages.ERROR)
            except IntegrityError:
                words = f"{row}: the database refused it: less is left than that."
                self.message_user(request, words, messages.ERROR)
            else:
                count += 1
        if count:
            self.message_user(request, f"{count} {done}", messages.SUCCESS)


class Choices(admin.SimpleListFilter):
    """A filter whose choices are named conditions."""

    conditions: dict[str, tuple[str, Q]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, words) for name, (words, _) in self.conditions.items()]

    def queryset(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.conditions.get(self.value() or "")
        return rows.filter(chosen[1]) if chosen else rows


def badge(state: Any, kind: str, note: str = "") -> SafeString:
    return format_html(
        '<span class="badge badge-{}">{}</span>{}{}', kind, state, " " if note else "", note
    )


def order_link(order: Order) -> SafeString:
    address = reverse("admin:payments_order_change", args=[order.pk])
    return format_html('<a href="{}">{}</a><br><small>{}</small>', address, order, order.email)


def major(value: int, currency: str) -> Decimal:
    """For exports: a plain number in the currency's major unit."""
    return from_minor(value, currency)
