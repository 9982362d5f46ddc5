from datetime import datetime
from urllib.parse import quote, unquote

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe
from django_htmx.http import push_url, replace_url

from bookmyshow.core.db.replicas import may_read_replica
from bookmyshow.core.htmx import HtmxHttpRequest, page_or_part
from bookmyshow.core.time import todays
from movies.models import Movie
from shows.models import Cinema
from shows.tell_me.offer import offer
from shows.waiting_room.list_notes import notes_of_films, notes_without_pass

from .filters import SORTS, Filters, Options, offered
from .home_lists import FilmLists
from .json_ld import film_data
from .show_choice import Choice
from .showtimes import timetable, with_wheelchair_places

CITY_COOKIE = "city"
COOKIE_SECONDS = 365 * 24 * 3600


@require_safe
@may_read_replica
def home(request: HtmxHttpRequest) -> HttpResponse:
    """The home page: the films that match the search and filters, one page at a time.

    The first page without filters also shows a featured film and the films that come soon.
    """
    now = timezone.now()
    lists = FilmLists(now)
    remembered = unquote(request.COOKIES.get(CITY_COOKIE, ""))
    options = Options.of(lists.facets(), now, city=request.GET.get("city", remembered))
    filters = Filters.read(request.GET, options, city=remembered)
    page = lists.page(filters, request.GET.get("page"))
    is_first_view = not filters.narrowed and filters.list == "now" and page.number == 1
    context = {
        "filters": filters,
        "options": options,
        "sorts": SORTS,
        "page": page,
        "previous_url": f"?{filters.querystring(page=page.number - 1)}",
        "next_url": f"?{filters.querystring(page=page.number + 1)}",
        "search_text": filters.q,
        "search_form": "browse",
        "featured": lists.featured(filters.city) if is_first_view else None,
        "soon": lists.soon() if is_first_view else (),
        "sale_notes": notes_of_films(now),
    }
    response = page_or_part(request, "shows/listings/home.html", "results", context)
    if request.htmx:
        response = _set_browser_url(request, response, filters, page.number)
    return _remember_city(request, response, filters.city)


def _set_browser_url(
    request: HtmxHttpRequest, response: HttpResponse, filters: Filters, page: int
) -> HttpResponse:
    """Tell htmx to put the filters and the page number into the browser's address.

    The first letter of a search adds a history entry. Each later letter replaces that entry, so
    Back leaves the search with one click.
    """
    query = filters.querystring(page=page if page > 1 else "")
    url = f"{request.path}?{query}" if query else request.path
    continues_search = filters.q and "q=" in (request.htmx.current_url or "")
    return replace_url(response, url) if continues_search else push_url(response, url)


def _remember_city(request: HtmxHttpRequest, response: HttpResponse, city: str) -> HttpResponse:
    """Store the chosen city in a cookie; delete the cookie if "all cities" was chosen.

    `city` is the city that the page uses; "" if the city in the query is not offered.
    """
    chosen = request.GET.get("city")
    if chosen and chosen == city:
        response.set_cookie(
            CITY_COOKIE,
            quote(city),
            max_age=COOKIE_SECONDS,
            samesite="Lax",
            secure=request.is_secure(),
            httponly=True,
        )
    elif chosen == "":
        response.delete_cookie(CITY_COOKIE)
    return response


@require_safe
def film(request: HtmxHttpRequest, slug: str) -> HttpResponse:
    """A film and its show times, one day at a time."""
    movie = get_object_or_404(Movie.objects.prefetch_related("genres"), slug=slug)
    now = timezone.now()
    remembered = unquote(request.COOKIES.get(CITY_COOKIE, ""))
    upcoming = movie.shows.upcoming(at=now).with_free_seats(at=now).with_place()
    shows = list(with_wheelchair_places(upcoming, at=now))
    choice = Choice.of(shows, request.GET, city=remembered)
    time_zones = {show.screen.cinema.tz for show in choice.shows} or Cinema.objects.clocks()
    # Near midnight the date differs between time zones: use the earliest date.
    today = todays(now, time_zones)[0]
    times = timetable(choice.shows, today=today, wanted=request.GET.get("date", ""))
    context = {
        "movie": movie,
        "coming": bool(movie.release_date and movie.release_date > today),
        "choice": choice,
        "not_in": _city_without_shows(request.GET.get("city", remembered), choice, now),
        "timetable": times,
        "sale_notes": notes_without_pass(request, shows, now),
        "tell_me": None if shows else offer(request, movie, city=remembered),
        "structured": film_data(movie, times.cinemas, request.build_absolute_uri),
    }
    response = page_or_part(request, "shows/listings/film.html", "times", context)
    if request.htmx:
        response = push_url(response, choice.address(request.path, day=times.chosen.iso))
    return _remember_city(request, response, choice.city)


def _city_without_shows(city: str, choice: Choice, now: datetime) -> str:
    """The chosen city if the film is shown in other cities but not in this one, else "".

    Also "" if no cinema in this city has coming shows.
    """
    if not city or not choice.cities or offered(city, choice.cities):
        return ""
    return city if city in FilmLists(now).facets().zones else ""
