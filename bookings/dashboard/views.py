from datetime import date

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.outbox.state import outbox_state
from bookings.payments.staff.money_state import money_state
from bookmyshow.core.db.replicas import read, written_by
from bookmyshow.core.observability.people_online import people_online
from bookmyshow.core.staff.access import staff_with
from bookmyshow.core.templatetags.formatting import money
from bookmyshow.core.time import A_DAY, database_now

from .charts import Bar, bar_chart
from .services import AHEAD, PAST, Dashboard, InCurrency, dashboard
from .site_warnings import current_warnings, money_warnings


@require_GET
@never_cache
@staff_with("bookings.view_takings")
def dashboard_page(request: HttpRequest) -> HttpResponse:
    now = database_now()
    board = read(lambda: dashboard(at=now), after=written_by(request))
    context = {
        **admin.site.each_context(request),
        "title": "Dashboard",
        "board": board,
        "warnings": current_warnings(),
        "outbox": outbox_state(at=now).items(),
        "now": now,
        "money_warnings": money_warnings(money_state(at=now)),
        "online": people_online(),
        "charts": [(figures, _takings(board, figures)) for figures in board.money],
        "hours_chart": _hours(board),
    }
    return render(request, "bookings/dashboard/dashboard.html", context)


def _takings(board: Dashboard, figures: InCurrency) -> str:
    """The chart of takings: a bar for each day of the range, also for days without shows."""
    lines = {line.name: line for line in figures.days}
    first, last = board.todays[0] - PAST, board.todays[-1] + AHEAD
    bars = []
    for count in range((last - first).days + 1):
        day = first + count * A_DAY
        line = lines.get(day.isoformat())
        bars.append(
            Bar(
                label=f"{day:%a} {day.day}",
                value=float(line.takings) if line else 0,
                words=money(line.takings if line else 0, figures.currency),
                kind=_bar_class(day, board.todays),
                note=f"({line.occupancy:.0f} % of seats)" if line else "",
            )
        )
    several = f", {figures.currency}" if len(board.money) > 1 else ""
    return bar_chart(bars, title=f"Takings by the day of the show{several}", step=60)


def _bar_class(day: date, todays: list[date]) -> str:
    if day in todays:
        return "chart__bar--now"
    return "chart__bar--past" if day < todays[0] else ""


def _hours(board: Dashboard) -> str:
    bars = [
        Bar(label=f"{hour:02d}", value=count, words=str(count), note="o’clock")
        for hour, count in enumerate(board.hours)
    ]
    return bar_chart(bars, title="Bookings by the hour they were made", step=34)
