"""Ask to be told, confirm by mail, stop, and tell (docs/spec.md §22)."""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest

from accounts.email.confirmation import mark_confirmed
from accounts.models import User
from accounts.outbox.models import Message
from accounts.outbox.services import NewMessage, write, write_many
from bookmyshow.core.time import database_now
from movies.models import Movie
from shows.models import Show, ShowQuerySet

from .links import LINK, wish_of_link
from .models import FilmWish

log = logging.getLogger(__name__)

CONFIRM, BOOKABLE = "tell-me-confirm", "film-bookable"
#: Wishes told in one transaction, and in one run; the next run tells the rest.
AT_ONCE, A_RUN = 500, 20_000
# Wishes that came true, or were never confirmed, are forgotten after this time.
FORGET_AFTER = timedelta(days=30)


def bookable_shows(*, movie_id: int, city: str, at: datetime) -> ShowQuerySet:
    """The shows of a film that can be booked in this city ("": in any), soonest first."""
    return Show.objects.upcoming(at=at).filter(movie_id=movie_id).matching(city=city)


@transaction.atomic
def ask(*, user: User, movie: Movie, city: str = "") -> FilmWish:
    """Remember that a person wants to be told when the film can be booked.

    It counts at once for an account whose address is confirmed. Anybody else gets a mail with a
    link, at most one an hour for each film. A confirmed wish of a guest is not changed here,
    because anybody can type an address.
    """
    now = database_now()
    wish, _ = FilmWish.objects.select_for_update().get_or_create(
        user=user, movie=movie, defaults={"city": city, "created_at": now}
    )
    is_waiting = wish.confirmed_at is not None and wish.told_at is None
    if user.is_guest and is_waiting:
        return wish
    is_known = user.email_confirmed_at is not None and not user.is_guest
    # A new `created_at` gives the wish a new key, so that it can be told a second time.
    wish.created_at = wish.created_at if is_waiting else now
    wish.city, wish.confirmed_at, wish.told_at = city, now if is_known else None, None
    wish.save()
    if not is_known:
        key = f"{CONFIRM}:{wish.pk}:{now:%Y%m%d%H}"
        write(CONFIRM, key=key, user=user, data={"wish": wish.pk}, expires_at=now + LINK)
    return wish


def guest_with(email: str) -> User:
    """The guest with this address who wished for a film before, or a new guest.

    It is not the guest of the browser's session: that one may be buying under another address.
    """
    email = User.objects.normalize_email(email)
    wished = Exists(FilmWish.objects.filter(user=OuterRef("pk")))
    known = User.objects.filter(wished, email=email, is_guest=True, is_active=True)
    if found := known.order_by("pk").first():
        return found
    guest = User.objects.create_guest()
    guest.email = email
    guest.save(update_fields=["email", "updated_at"])
    return guest


@transaction.atomic
def confirm(*, token: str, request: HttpRequest | None = None) -> FilmWish:
    """Let a wish count, because its mailed link was followed. A second call changes nothing.

    Raises LinkNotValid.
    """
    wish = wish_of_link(token)
    if wish.confirmed_at is None:
        wish.confirmed_at = database_now()
        wish.save(update_fields=["confirmed_at"])
        mark_confirmed(wish.user, request=request)
    return wish


def stop(*, user: User, movie_id: int | None = None) -> int:
    """Forget the person's wishes, or only that for one film. Returns how many.

    A mail that is written and not sent yet is dropped, because its wish is gone.
    """
    wishes = FilmWish.objects.filter(user=user)
    if movie_id is not None:
        wishes = wishes.filter(movie_id=movie_id)
    return wishes.delete()[0]


def tell_bookable() -> int:
    """Write a mail for each waiting wish whose film can be booked. Returns how many."""
    told = 0
    while told < A_RUN and (count := _tell_some()):
        told += count
    if told:
        log.info("%s people are told that a film can be booked", told)
    return told


@transaction.atomic
def _tell_some() -> int:
    """Tell at most AT_ONCE wishes. Two runs at once take different ones, and the key of a message
    keeps a wish from being told twice."""
    now = database_now()
    # First the films, of which there are few: so wishes without a show are not read at all.
    shows = Show.objects.upcoming(at=now).order_by().filter(movie=OuterRef("pk"))
    waiting = FilmWish.objects.waiting().order_by().filter(movie=OuterRef("pk"))
    films = Movie.objects.filter(Exists(waiting), Exists(shows)).order_by()
    wishes = list(
        FilmWish.objects.waiting()
        .filter(_in_its_city(now), movie__in=list(films.values_list("pk", flat=True)))
        .select_for_update(skip_locked=True, of=("self",))
        .order_by("pk")[:AT_ONCE]
    )
    write_many(
        NewMessage(
            kind=BOOKABLE,
            key=f"{BOOKABLE}:{wish.pk}:{wish.created_at:%Y%m%d%H%M%S%f}",
            user=wish.user_id,
            data={"wish": wish.pk},
        )
        for wish in wishes
    )
    FilmWish.objects.filter(pk__in=[wish.pk for wish in wishes]).update(told_at=now)
    return len(wishes)


def wait_again(message: Message) -> None:
    """Let the wish of a mail wait again that was not sent: its only show was cancelled, or began.

    A new `created_at` gives the wish a new key, so that it can be told once more.
    """
    told = FilmWish.objects.filter(pk=message.data["wish"], told_at__isnull=False)
    reachable = told.filter(user__is_active=True).exclude(user__email="")
    reachable.update(told_at=None, created_at=database_now())


def _in_its_city(at: datetime) -> Q:
    """Condition: the film of the wish has a bookable show in the city of the wish."""
    shows = Show.objects.upcoming(at=at).order_by().filter(movie=OuterRef("movie"))
    return Q(Exists(shows), city="") | Q(
        Exists(shows.filter(screen__cinema__city__iexact=OuterRef("city")))
    )


def forget_old() -> int:
    """Delete wishes that came true, or were never confirmed, FORGET_AFTER ago. Returns how many."""
    is_over = Q(confirmed_at__isnull=True) | Q(told_at__isnull=False)
    old = FilmWish.objects.filter(is_over, created_at__lt=database_now() - FORGET_AFTER)
    # A wish is told long after it was made, so `told_at` decides if there is one.
    kept = Q(told_at__gte=database_now() - FORGET_AFTER)
    return old.exclude(kept).delete()[0]
