from datetime import datetime
from urllib.parse import quote, unquote

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe
from django_htmx.http import push_url, replace_url

from bookmyshow.core.htmx import HtmxHttpRequest, page_or_part
from bookmyshow.core.time import todays
from movies.models import Movie
from shows.models import Cinema

from .filters import SORTS, Filters, Options, offered
from .home_lists import FilmLists
from .json_ld import film_data
from .show_choice import Choice
from .showtimes import timetable, with_wheelchair_places

CITY_COOKIE = "city"
YEAR = 365 * 24 * 3600


@require_safe
def home(request: HtmxHttpRequest) -> HttpResponse:
    """What's on: a featured film, then the films that meet the search and filters."""
    now = timezone.now()
    lists = FilmLists(now)
    remembered = unquote(request.COOKIES.get(CITY_COOKIE, ""))
    options = Options.of(lists.facets(), now, city=request.GET.get("city", remembered))
    filters = Filters.read(request.GET, options, city=remembered)
    page = lists.page(filters, request.GET.get("page"))
    opening = not filters.narrowed and filters.list == "now" and page.number == 1
    context = {
        "filters": filters,
        "options": options,
        "sorts": SORTS,
        "page": page,
        "previous_url": f"?{filters.querystring(page=page.number - 1)}",
        "next_url": f"?{filters.querystring(page=page.number + 1)}",
        "search_text": filters.q,
        "search_form": "browse",
        "featured": lists.featured(filters.city) if opening else None,
        "soon": lists.soon() if opening else (),
    }
    response = page_or_part(request, "shows/listings/home.html", "results", context)
    if request.htmx:
        response = _show_state(request, response, filters, page.number)
    return _remember_city(request, response, filters.city)


def _show_state(
    request: HtmxHttpRequest, response: HttpResponse, filters: Filters, page: int
) -> HttpResponse:
    """Set the browser's address to the filters. More typing in the search replaces the history
    entry, so that Back leaves the search."""
    query = filters.querystring(page=page if page > 1 else "")
    url = f"{request.path}?{query}" if query else request.path
    typing = filters.q and "q=" in (request.htmx.current_url or "")
    return replace_url(response, url) if typing else push_url(response, url)


def _remember_city(request: HtmxHttpRequest, response: HttpResponse, city: str) -> HttpResponse:
    """Store the chosen city in a cookie; delete the cookie if all cities were chosen."""
    asked = request.GET.get("city")
    if asked and asked == city:
        response.set_cookie(
            CITY_COOKIE,
            quote(city),
            max_age=YEAR,
            samesite="Lax",
            secure=request.is_secure(),
            httponly=True,
        )
    elif asked == "":
        response.delete_cookie(CITY_COOKIE)
    return response


@require_safe
def film(request: HtmxHttpRequest, slug: str) -> HttpResponse:
    """A film and its show times, one day at a time."""
    movie = get_object_or_404(Movie.objects.prefetch_related("genres"), slug=slug)
    now = timezone.now()
    remembered = unquote(request.COOKIES.get(CITY_COOKIE, ""))
    coming = movie.shows.upcoming(at=now).with_free_seats(at=now).with_place()
    shows = list(with_wheelchair_places(coming, at=now))
    choice = Choice.of(shows, request.GET, city=remembered)
    clocks = {show.screen.cinema.tz for show in choice.shows} or Cinema.objects.clocks()
    today = todays(now, clocks)[0]
    times = timetable(choice.shows, today=today, wanted=request.GET.get("date", ""))
    context = {
        "movie": movie,
        "coming": bool(movie.release_date and movie.release_date > today),
        "choice": choice,
        "not_in": _without_shows(request.GET.get("city", remembered), choice, now),
        "timetable": times,
        "structured": film_data(movie, times.cinemas, request.build_absolute_uri),
    }
    response = page_or_part(request, "shows/listings/film.html", "times", context)
    if request.htmx:
        response = push_url(response, choice.address(request.path, day=times.chosen.iso))
    return _remember_city(request, response, choice.city)


def _without_shows(city: str, choice: Choice, now: datetime) -> str:
    """The chosen city if it has cinemas but none of them shows the film, else ""."""
    if not city or not choice.cities or offered(city, choice.cities):
        return ""
    return city if city in FilmLists(now).facets().zones else ""
