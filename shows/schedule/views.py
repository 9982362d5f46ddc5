"""Staff pages of the schedule: the planner, and a cinema's day as a timeline."""

from datetime import date

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET, require_http_methods

from accounts.requests import AuthenticatedRequest
from bookmyshow.core.staff.access import staff_with
from bookmyshow.core.time import A_DAY, business_day, database_now
from shows.errors import ScheduleError
from shows.models import Cinema, Show

from .forms import PlannerForm
from .planner import PlannedShow, digest, preview, schedule
from .timeline import day_of

ROWS_SHOWN = 150
CHANGED = (
    "Nothing is scheduled yet: the plan, or what it depends on, has changed since its preview."
    " This is what it makes now."
)


@require_http_methods(["GET", "POST"])
@staff_with("shows.schedule_shows")
def planner(request: AuthenticatedRequest) -> HttpResponse:
    """The planner: show the form, then a preview. Then schedule all shows of the plan, or none.

    If the preview has changed since it was shown, nothing is scheduled and the new one is shown.
    """
    form = PlannerForm(request.POST or None, initial=_next_week())
    context: dict[str, object] = {}
    if request.method == "POST" and form.is_valid():
        plan = form.plan()
        try:
            planned = preview(plan, at=database_now())
            context = _previewed(planned) | {"digest": digest(plan, planned)}
            if "schedule" in request.POST:
                if request.POST.get("previewed") == context["digest"]:
                    return _scheduled(request, schedule(plan, planned, by=request.user))
                messages.warning(request, CHANGED)
        except ScheduleError as error:
            messages.error(request, error.message)
    context |= {**admin.site.each_context(request), "title": "Plan shows", "form": form}
    return render(request, "shows/schedule/planner.html", context)


def _next_week() -> dict[str, date]:
    """The form's first values: a week from the first day that has not begun at any cinema."""
    tomorrow = Cinema.objects.todays(at=database_now())[-1] + A_DAY
    return {"first_day": tomorrow, "last_day": tomorrow + 6 * A_DAY}


def _previewed(planned: list[PlannedShow]) -> dict[str, object]:
    """Context of the preview: shows with problems first, then the others, ROWS_SHOWN at most."""
    wrong = [show for show in planned if show.problems]
    fine = [show for show in planned if not show.problems]
    return {
        "planned": (wrong + fine)[:ROWS_SHOWN],
        "planned_count": len(planned),
        "wrong_count": len(wrong),
        "noted_count": sum(bool(show.notes) for show in planned),
    }


def _scheduled(request: HttpRequest, made: list[Show]) -> HttpResponse:
    screens = len({show.screen_id for show in made})
    told = f"{_counted(len(made), 'show')} scheduled on {_counted(screens, 'screen')}."
    messages.success(request, told)
    if not made:
        return redirect("staff-planner")
    first = made[0]
    day = business_day(first.starts_at, first.screen.cinema.tz)
    address = f"?cinema={first.screen.cinema.slug}&day={day.isoformat()}"
    response = redirect("staff-day")
    response["Location"] += address
    return response


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


@require_GET
@staff_with("shows.view_show")
def day(request: HttpRequest) -> HttpResponse:
    """The timeline of a cinema's screens on one day."""
    cinemas = list(Cinema.objects.filter(archived_at=None))
    slug = request.GET.get("cinema", "")
    cinema = next((c for c in cinemas if c.slug == slug), cinemas[0] if cinemas else None)
    now = database_now()
    context = {
        **admin.site.each_context(request),
        "title": "A day at the cinema",
        "cinemas": cinemas,
        "cinema": cinema,
    }
    if cinema:
        chosen = _day(request.GET.get("day", "")) or business_day(now, cinema.tz)
        context |= {
            "timeline": day_of(cinema, chosen, at=now),
            "day": chosen,
            "before": chosen - A_DAY,
            "after": chosen + A_DAY,
        }
    return render(request, "shows/schedule/day.html", context)


def _day(text: str) -> date | None:
    """The date. None if the text is not a date, or if its year is the first or last that `date`
    has: the page needs the day before and the day after."""
    try:
        found = parse_date(text)
    except ValueError:
        return None
    return found if found and date.min.year < found.year < date.max.year else None
