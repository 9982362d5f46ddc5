"""Admin lists that stay fast with millions of rows.

Django's own lists count all rows for the page numbers, and read all rows to offer dates to choose
from. These lists count at most MOST_ROWS + 1 rows, and read only the first and the last date.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import F, Max, Min, QuerySet
from django.http import HttpRequest, HttpResponse

from bookmyshow.core.time import A_DAY, LocalTime, local_day

from .access import ActionsInOneTransaction

MOST_ROWS = 5_000
MONTHS_SHOWN = 12
WHEN = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?")


class BoundedPaginator(Paginator):
    """Has pages for the first MOST_ROWS rows only. Staff find other rows by filters or search."""

    @cached_property
    def count(self) -> int:
        return min(self._counted, MOST_ROWS)

    @property
    def is_cut(self) -> bool:
        """Whether there are more than MOST_ROWS rows."""
        return self._counted > MOST_ROWS

    @cached_property
    def _counted(self) -> int:
        rows: Any = self.object_list
        counted: int = rows.order_by().values("pk")[: MOST_ROWS + 1].count()
        return counted


class LongListAdmin(ActionsInOneTransaction):
    """An admin whose list may have millions of rows."""

    paginator = BoundedPaginator
    show_full_result_count = False
    # Each number that Django shows beside a filter would need a read of the whole table.
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any], *arguments: Any
    ) -> HttpResponse | None:
        """Refuse an action on all rows if there are more than MOST_ROWS."""
        everything = request.POST.get("select_across") == "1"
        if everything and BoundedPaginator(queryset, self.list_per_page).is_cut:
            words = f"An action takes {MOST_ROWS:,} rows at most: narrow the list first."
            self.message_user(request, words, messages.ERROR)
            return None
        return super().response_action(request, queryset, *arguments)


class PeriodFilter(admin.SimpleListFilter):
    """Filters by a year, month or day of a datetime field, as a range that can use its index.

    `zone` is the path of the field with the time zone; without it, periods are in UTC.
    """

    parameter_name = "when"
    field = ""
    zone = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = model_admin.model._default_manager.order_by()
        ends = rows.aggregate(first=Min(self.field), last=Max(self.field))
        if ends["last"] is None:
            return []
        chosen = request.GET.get(self.parameter_name, "")
        first, last = (local_day(ends[end], UTC) for end in ("first", "last"))
        if self.zone:
            first, last = first - A_DAY, last + A_DAY
        return list(_steps(first, last, chosen))

    def queryset(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        span = _span(self.value() or "")
        if span is None:
            return rows
        if not self.zone:
            return _between(rows, self.field, *span)
        # First a wider range in UTC, which can use the index; then the exact one in local time.
        near = _between(rows, self.field, span[0] - A_DAY, span[1] + A_DAY)
        local = near.alias(local_time=LocalTime(self.zone, F(self.field)))
        return _between(local, "local_time", *span)


def period_filter(field: str, title: str, *, zone: str = "") -> type[PeriodFilter]:
    """A filter class for `list_filter`. `zone` is the path of the field with the time zone."""
    return type("When", (PeriodFilter,), {"field": field, "title": title, "zone": zone})


def _between(rows: QuerySet[Any], field: str, begins: datetime, ends: datetime) -> QuerySet[Any]:
    return rows.filter(**{f"{field}__gte": begins, f"{field}__lt": ends})


def _steps(first: date, last: date, chosen: str) -> Iterator[tuple[str, str]]:
    """The choices: the last MONTHS_SHOWN months, then years. The months of a chosen year follow it,
    and so do the days of a chosen month."""
    month = last.replace(day=1)
    for _ in range(MONTHS_SHOWN):
        if month < first.replace(day=1):
            return
        yield from _month(month, first, last, chosen)
        month = (month - timedelta(days=1)).replace(day=1)
    for year in range(month.year, first.year - 1, -1):
        yield f"{year}", f"{year}"
        if chosen[:4] == f"{year}":
            for number in range(12, 0, -1):
                if first.replace(day=1) <= date(year, number, 1) <= month:
                    yield from _month(date(year, number, 1), first, last, chosen)


def _month(month: date, first: date, last: date, chosen: str) -> Iterator[tuple[str, str]]:
    yield f"{month:%Y-%m}", f"{month:%b %Y}"
    if chosen[:7] != f"{month:%Y-%m}":
        return
    day = month
    while day.month == month.month and day <= last:
        if day >= first:
            yield f"{day}", f"· {day:%a} {day.day}"
        day += timedelta(days=1)


def _span(text: str) -> tuple[datetime, datetime] | None:
    """Begin and end of a year, month or day such as "2026-11"; None for other texts."""
    match = WHEN.fullmatch(text)
    if match is None:
        return None
    year, month, day = (int(part) if part else None for part in match.groups())
    try:
        begins = datetime(year or 0, month or 1, day or 1, tzinfo=UTC)
        if day:
            return begins, begins + timedelta(days=1)
        ends = begins.replace(day=1) + timedelta(days=31 if month else 366)
        return begins, ends.replace(day=1) if month else ends.replace(month=1, day=1)
    except (ValueError, OverflowError):
        return None
