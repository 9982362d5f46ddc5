"""When wishes are told: once, when the first show can be booked, in the city that was asked for."""

from datetime import timedelta

import pytest
from django.core.mail import EmailMessage
from django.utils import timezone

from accounts.models import User
from accounts.outbox.models import Message
from accounts.outbox.sending import send_due
from bookings.show_changes.services import cancel_show
from movies.models import Movie
from shows.models import Show
from shows.tell_me import services
from shows.tell_me.models import FilmWish
from tests.support.factories import (
    begin,
    make_cinema,
    make_guest,
    make_movie,
    make_screen,
    make_show,
    make_user,
)
from tests.support.races import at_once

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def known(email: str = "") -> User:
    """An account whose address is confirmed."""
    return make_user(email, email_confirmed_at=timezone.now())


def show_in(city: str, movie: Movie) -> Show:
    return make_show(movie=movie, screen=make_screen(cinema=make_cinema(city=city)))


def told() -> list[str]:
    """Whom the mails of films that can be booked go to."""
    mails = Message.objects.filter(kind=services.BOOKABLE).select_related("user")
    return sorted(mail.recipient for mail in mails)


def test_people_are_told_once_when_the_first_show_can_be_booked() -> None:
    movie = make_movie()
    services.ask(user=known("anna@example.com"), movie=movie)
    services.ask(user=known("bela@example.com"), movie=movie)
    services.ask(user=known("carla@example.com"), movie=make_movie())
    assert services.tell_bookable() == 0
    make_show(movie=movie)
    assert services.tell_bookable() == 2
    make_show(movie=movie)
    assert services.tell_bookable() == 0
    assert told() == ["anna@example.com", "bela@example.com"]


def test_an_unconfirmed_wish_is_not_told() -> None:
    movie = make_movie()
    services.ask(user=make_user(), movie=movie)
    services.ask(user=make_guest("guest@example.com"), movie=movie)
    make_show(movie=movie)
    assert services.tell_bookable() == 0
    assert told() == []


def test_a_show_that_has_begun_or_was_cancelled_can_not_be_booked() -> None:
    movie = make_movie()
    services.ask(user=known(), movie=movie)
    begin(make_show(movie=movie))
    cancelled = make_show(movie=movie)
    Show.objects.filter(pk=cancelled.pk).update(status=Show.Status.CANCELLED)
    assert services.tell_bookable() == 0


def test_a_city_waits_for_its_own_show() -> None:
    movie = make_movie()
    services.ask(user=known("anywhere@example.com"), movie=movie)
    services.ask(user=known("mumbai@example.com"), movie=movie, city="mumbai")
    services.ask(user=known("pune@example.com"), movie=movie, city="Pune")
    show_in("Pune", movie)
    services.tell_bookable()
    assert told() == ["anywhere@example.com", "pune@example.com"]
    show_in("Mumbai", movie)
    services.tell_bookable()
    assert told() == ["anywhere@example.com", "mumbai@example.com", "pune@example.com"]


def test_many_are_told_in_batches_and_a_run_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "AT_ONCE", 2)
    monkeypatch.setattr(services, "A_RUN", 4)
    movie = make_movie()
    for _ in range(7):
        services.ask(user=known(), movie=movie)
    make_show(movie=movie)
    assert services.tell_bookable() == 4
    assert services.tell_bookable() == 3
    assert len(told()) == 7


@pytest.mark.django_db(transaction=True)
def test_runs_at_the_same_time_tell_nobody_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "AT_ONCE", 5)
    movie = make_movie()
    for number in range(20):
        services.ask(user=known(f"person-{number}@example.com"), movie=movie)
    make_show(movie=movie)
    counts = at_once(lambda _: services.tell_bookable(), 4)
    assert sum(int(str(count)) for count in counts) == 20, counts
    assert len(told()) == len(set(told())) == 20


def test_whoever_asks_again_is_told_again() -> None:
    movie, anna = make_movie(), known("anna@example.com")
    services.ask(user=anna, movie=movie)
    show = make_show(movie=movie)
    services.tell_bookable()
    begin(show)
    services.ask(user=anna, movie=movie)
    make_show(movie=movie)
    services.tell_bookable()
    assert told() == ["anna@example.com", "anna@example.com"]


def test_the_mail_names_the_first_show_and_how_to_stop(mailoutbox: list[EmailMessage]) -> None:
    movie = make_movie("Dune")
    services.ask(user=known("anna@example.com"), movie=movie, city="Pune")
    make_show(movie=movie, screen=make_screen(cinema=make_cinema(city="Mumbai", name="Regal")))
    later = make_screen(cinema=make_cinema(city="Pune", name="Plaza"))
    make_show(movie=movie, screen=later, starts_in=2 * DAY)
    services.tell_bookable()
    send_due()
    (mail,) = mailoutbox
    assert mail.to == ["anna@example.com"]
    assert mail.subject == "Dune: tickets are on sale"
    assert "Plaza, Pune" in str(mail.body)
    assert "Regal" not in str(mail.body)
    assert f"{movie.get_absolute_url()}?city=Pune#times" in str(mail.body)
    header = mail.extra_headers["List-Unsubscribe"]
    assert header.strip("<>") in str(mail.body)
    assert mail.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_mail_that_waits_is_dropped_when_the_person_stops_it(
    mailoutbox: list[EmailMessage],
) -> None:
    movie, anna = make_movie(), known()
    services.ask(user=anna, movie=movie)
    make_show(movie=movie)
    services.tell_bookable()
    services.stop(user=anna)
    send_due()
    assert mailoutbox == []
    assert Message.objects.get().dropped_at


def test_a_mail_is_dropped_if_no_show_is_left_and_the_wish_waits_again(
    mailoutbox: list[EmailMessage],
) -> None:
    movie = make_movie()
    services.ask(user=known(), movie=movie)
    show = make_show(movie=movie)
    services.tell_bookable()
    cancel_show(by=make_user(is_staff=True), show_id=show.pk)
    send_due()
    assert mailoutbox == []
    assert services.tell_bookable() == 0
    make_show(movie=movie)
    assert services.tell_bookable() == 1
    send_due()
    assert len(mailoutbox) == 1


def test_old_wishes_are_forgotten_and_waiting_ones_are_kept() -> None:
    movie = make_movie()
    waiting, unconfirmed, old, recent = (known() for _ in range(4))
    for user in (waiting, unconfirmed, old, recent):
        services.ask(user=user, movie=movie)
    now = timezone.now()
    wishes = FilmWish.objects
    wishes.update(created_at=now - 400 * DAY)
    wishes.filter(user=unconfirmed).update(confirmed_at=None)
    wishes.filter(user=old).update(told_at=now - 31 * DAY)
    wishes.filter(user=recent).update(told_at=now - 29 * DAY)
    assert services.forget_old() == 2
    assert set(wishes.values_list("user", flat=True)) == {waiting.pk, recent.pk}
