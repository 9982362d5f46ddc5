"""The mails: a link that confirms a wish, and the news that a film can be booked."""

from django.core.mail import EmailMultiAlternatives

from accounts.outbox.models import Message, Priority
from accounts.outbox.registry import Drop, register
from bookmyshow.core.mail import add_unsubscribe, compose_mail, site_link
from bookmyshow.core.time import database_now
from shows.links import filter_query

from .links import confirm_link, stop_link
from .models import FilmWish
from .services import BOOKABLE, CONFIRM, bookable_shows, wait_again


def register_kinds() -> None:
    register(CONFIRM, label="Link that confirms a wish", compose=_confirm, priority=Priority.FIRST)
    register(
        BOOKABLE,
        label="A film can be booked",
        compose=_bookable,
        priority=Priority.LAST,
        dropped=wait_again,
    )


def _confirm(message: Message) -> EmailMultiAlternatives | Drop:
    wish = _wish_of(message)
    if wish is None or wish.confirmed_at:
        return Drop("The wish is confirmed, or gone.")
    return _mail("tell_me_confirm", wish, link=confirm_link(wish), movie=wish.movie)


def _bookable(message: Message) -> EmailMultiAlternatives | Drop:
    wish = _wish_of(message)
    if wish is None:
        return Drop("The person stopped it.")
    shows = bookable_shows(movie_id=wish.movie_id, city=wish.city, at=database_now())
    first = shows.with_film().first()
    if first is None:
        return Drop("No show can be booked any more.")
    # The page opens on the day of the first show, in the city that the person asked about.
    page = f"{first.movie.get_absolute_url()}{filter_query(city=wish.city)}#times"
    return _mail("film_bookable", wish, link=site_link(page), movie=first.movie, show=first)


def _wish_of(message: Message) -> FilmWish | None:
    wishes = FilmWish.objects.with_film()
    return wishes.filter(pk=message.data["wish"]).first()


def _mail(name: str, wish: FilmWish, **context: object) -> EmailMultiAlternatives:
    stop = stop_link(wish.user)
    mail = compose_mail(f"shows/mail/{name}", {"wish": wish, "stop_link": stop, **context})
    add_unsubscribe(mail, stop)
    return mail
