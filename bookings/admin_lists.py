"""Columns and search that the admin lists of bookings and of archived bookings share."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.search import MAX_PEOPLE
from bookmyshow.core.staff.csv_export import Columns

from .search import matching

# CSV columns with the facts of a booking's show.
SHOW_COLUMNS: Columns = {
    "film": "show.movie.title",
    "cinema": "show.screen.cinema.name",
    "city": "show.screen.cinema.city",
    "screen": "show.screen.name",
    "starts_at": "show.local_start",
}


class SearchBookings(admin.ModelAdmin):
    """Admin of bookings with a search by reference or customer (`search.matching`).

    A search that matches more than MAX_PEOPLE people shows a warning.
    """

    search_fields = ("reference",)
    search_help_text = "The beginning of a reference, or the customer's name, email or phone."

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        found, is_cut = matching(queryset, search_term)
        if is_cut:
            words = f"Many people match: of {MAX_PEOPLE} of them. Type more of the name."
            self.message_user(request, words, messages.WARNING)
        # False: no row is found twice, so the admin needs no DISTINCT.
        return found, False
