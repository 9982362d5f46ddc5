"""Creates the demo data once. Later runs add shows, so that the schedule always covers a week."""

from dataclasses import asdict, dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Model

from accounts.models import User
from bookings.models import Booking
from bookmyshow.core.time import todays
from movies.models import Movie
from shows.models import Cinema
from shows.services import create_shows

from . import accounts, catalogue, counter, on_sale, sales, taxes
from .cinemas import CINEMAS
from .films import FILMS
from .week import missing_shows


class NotADemo(Exception):
    """The database belongs to a real site, which must not get demo data."""


@dataclass(slots=True)
class Created:
    """How many objects of each kind one run has added."""

    films: int = 0
    cinemas: int = 0
    screens: int = 0
    shows: int = 0
    bookings: int = 0
    accounts: int = 0

    def __str__(self) -> str:
        return ", ".join(f"{count:,} {things}" for things, count in asdict(self).items())


def seed(*, now: datetime, password: str, force: bool = False) -> Created:
    """Create the demo if it does not exist, and the shows that are missing in the coming week.

    All in one transaction. Existing objects are not changed. The new demo accounts get `password`.
    Raises NotADemo if the database has accounts, cinemas or bookings but no demo, unless `force`.
    """
    created = Created()
    with transaction.atomic():
        first_run = not _is_there()
        if first_run:
            if not force:
                _refuse_other_sites()
            created.films = catalogue.create_films(FILMS, todays(now, _clocks())[0])
            created.cinemas, created.screens = catalogue.create_cinemas()
            taxes.create_rules()
            created.accounts = accounts.create_accounts(password)
        films = {catalogue.slug_of(film): film for film in FILMS}
        movies = {movie.slug: movie for movie in Movie.objects.filter(slug__in=films)}
        shows = create_shows(list(missing_shows(movies, now=now)))
        created.shows = len(shows)
        crowd = accounts.crowd()
        opening = on_sale.opening_show(shows)
        if shows and crowd:
            created.bookings = sales.sell(
                [show for show in shows if show != opening],
                popularity={movie.pk: films[slug].popularity for slug, movie in movies.items()},
                crowd=crowd,
                customer=accounts.customer() if first_run else None,
                now=now,
            )
            if clerk := accounts.clerk():
                counter.take_money(shows, clerk=clerk, now=now)
        if opening and (staff := accounts.staff()):
            on_sale.put_on_sale(opening, staff=staff, crowd=crowd)
    return created


def _clocks() -> set[ZoneInfo]:
    return {ZoneInfo(cinema.timezone) for cinema in CINEMAS}


def _is_there() -> bool:
    emails = (accounts.CUSTOMER_EMAIL, accounts.STAFF_EMAIL)
    return (
        Cinema.objects.filter(slug__in=[cinema.slug for cinema in CINEMAS]).exists()
        or User.objects.filter(email__in=emails).exists()
    )


def _refuse_other_sites() -> None:
    models: tuple[type[Model], ...] = (Booking, Cinema, User)
    for model in models:
        count = model._default_manager.count()
        if count:
            things = model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural
            raise NotADemo(
                f"this database already has {count} {things}"
                " (--force adds the demo data nevertheless)."
            )
