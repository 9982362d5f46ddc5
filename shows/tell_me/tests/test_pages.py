import re
from datetime import date

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from accounts.outbox.models import Message
from accounts.outbox.sending import send_due
from movies.models import Movie
from shows.tell_me import services
from shows.tell_me.links import stop_link
from shows.tell_me.models import FilmWish
from tests.support.factories import make_cinema, make_movie, make_show, make_user

pytestmark = pytest.mark.django_db

LINK = re.compile(r"https?://[^/\s]+(/tell-me/confirm/\S+)")


@pytest.fixture
def movie() -> Movie:
    return make_movie("Dune", release_date=date(2100, 1, 1))


@pytest.fixture
def anna() -> User:
    return make_user("anna@example.com", email_confirmed_at=timezone.now())


@pytest.fixture
def account(anna: User) -> Client:
    client = Client()
    client.force_login(anna)
    return client


def page_of(client: Client, movie: Movie) -> str:
    return client.get(movie.get_absolute_url()).content.decode()


def ask(client: Client, movie: Movie, **form: str) -> str:
    """Press the button of the film's page, and return the page that follows."""
    response = client.post(reverse("tell_me:ask", args=[movie.slug]), form, follow=True)
    return response.content.decode()


def confirm_path(mailoutbox: list[EmailMessage]) -> str:
    send_due()
    found = LINK.search(str(mailoutbox[-1].body))
    assert found
    return found[1]


def test_an_account_presses_once(account: Client, anna: User, movie: Movie) -> None:
    page = page_of(account, movie)
    assert "Notify me" in page
    assert 'name="email"' not in page
    assert "We’ll write to anna@example.com" in ask(account, movie)
    assert FilmWish.objects.waiting().get().user == anna
    assert "Don’t tell me" in page_of(account, movie)


def test_the_button_is_only_on_films_without_shows(client: Client, movie: Movie) -> None:
    assert "Notify me" in page_of(client, movie)
    make_show(movie=movie)
    assert "Notify me" not in page_of(client, movie)
    assert "tickets for Dune are on sale" in ask(client, movie, email="guest@example.com")
    assert not FilmWish.objects.exists()


def test_an_archived_film_asks_nothing(client: Client, movie: Movie) -> None:
    Movie.objects.filter(pk=movie.pk).update(archived_at=timezone.now())
    assert "Notify me" not in page_of(client, movie)
    address = reverse("tell_me:ask", args=[movie.slug])
    assert client.post(address, {"email": "guest@example.com"}).status_code == 404


def test_a_visitor_counts_after_the_mailed_link(
    client: Client, movie: Movie, mailoutbox: list[EmailMessage]
) -> None:
    assert "open the mail that we sent to guest@example.com" in ask(
        client, movie, email="guest@example.com"
    )
    assert not FilmWish.objects.waiting().exists()
    path = confirm_path(mailoutbox)
    assert mailoutbox[-1].to == ["guest@example.com"]
    page = client.get(path)
    assert "Yes, notify me" in page.content.decode()
    assert not FilmWish.objects.waiting().exists(), "a mail scanner only follows the link"
    assert "You’re on the list" in client.post(path).content.decode()
    wish = FilmWish.objects.waiting().get()
    assert wish.user.is_guest
    assert wish.user.email == "guest@example.com"
    assert wish.user.email_confirmed_at


def test_the_pages_of_links_are_private(
    client: Client, movie: Movie, mailoutbox: list[EmailMessage], anna: User
) -> None:
    ask(client, movie, email="guest@example.com")
    stop = stop_link(anna).partition("/tell-me/")
    for path in (confirm_path(mailoutbox), f"{stop[1]}{stop[2]}", "/tell-me/stop/made-up/"):
        response = client.get(path)
        assert response["X-Robots-Tag"] == "noindex"
        assert response["Referrer-Policy"] == "strict-origin"
        assert "no-store" in response["Cache-Control"]


def test_the_address_of_an_account_gives_no_wish_to_the_account(
    client: Client, movie: Movie, anna: User
) -> None:
    """Anybody can type an address, so nothing is attached to the account that has it."""
    ask(client, movie, email="anna@example.com")
    wish = FilmWish.objects.get()
    assert wish.user != anna
    assert wish.user.is_guest


def test_an_account_that_never_confirmed_its_address_gets_a_link(
    client: Client, movie: Movie, mailoutbox: list[EmailMessage]
) -> None:
    user = make_user("new@example.com")
    client.force_login(user)
    assert "open the mail that we sent to new@example.com" in ask(client, movie)
    client.post(confirm_path(mailoutbox))
    assert FilmWish.objects.waiting().get().user == user
    user.refresh_from_db()
    assert user.email_confirmed_at


def test_a_film_that_is_asked_for_again_sends_one_mail(client: Client, movie: Movie) -> None:
    for _ in range(4):
        ask(client, movie, email="guest@example.com")
    assert Message.objects.count() == 1
    assert FilmWish.objects.count() == 1
    assert User.objects.filter(is_guest=True).count() == 1


def test_a_stranger_can_not_make_us_send_many_mails_to_an_address(
    client: Client, settings: Settings
) -> None:
    settings.RATE_LIMITS = True
    films = [make_movie(f"Film {number}") for number in range(6)]
    answers = [
        client.post(reverse("tell_me:ask", args=[film.slug]), {"email": "victim@example.com"})
        for film in films
    ]
    assert [answer.status_code for answer in answers] == [302] * 5 + [429]
    assert Message.objects.count() == 5
    assert answers[-1]["Retry-After"]


def test_the_answer_does_not_tell_who_waits(
    client: Client, movie: Movie, mailoutbox: list[EmailMessage]
) -> None:
    first = ask(client, movie, email="guest@example.com")
    client.post(confirm_path(mailoutbox))
    again = ask(Client(), movie, email="guest@example.com")
    words = re.compile(r"One more step[^<]*")
    assert words.findall(first) == words.findall(again) != []
    assert FilmWish.objects.waiting().count() == 1


@pytest.mark.parametrize("email", ["", "nobody", "a@b", "x@" + "d" * 300 + ".example"])
def test_a_wrong_address_is_explained(client: Client, movie: Movie, email: str) -> None:
    response = client.post(reverse("tell_me:ask", args=[movie.slug]), {"email": email})
    assert response.status_code == 422
    assert "email address" in response.content.decode()
    assert not FilmWish.objects.exists()


def test_the_city_that_was_chosen_before_is_offered(account: Client, movie: Movie) -> None:
    for city in ("Mumbai", "Pune", "pune"):
        make_cinema(city=city)
    account.cookies["city"] = "Pune"
    page = page_of(account, movie)
    assert page.count('<option value="Pune" selected>') == 1
    assert "can be booked in Pune" in ask(account, movie, city="Pune")
    assert FilmWish.objects.get().city == "Pune"
    response = account.post(reverse("tell_me:ask", args=[movie.slug]), {"city": "Atlantis"})
    assert response.status_code == 422


def test_the_profile_leads_to_the_films_and_each_can_be_stopped(
    account: Client, anna: User, movie: Movie
) -> None:
    other = make_movie("Arrival")
    for film in (movie, other):
        services.ask(user=anna, movie=film)
    address = reverse("tell_me:waiting")
    assert address in account.get(reverse("accounts:profile")).content.decode()
    page = account.get(address).content.decode()
    assert "Dune" in page
    assert "Arrival" in page
    account.post(address, {"film": str(movie.pk)})
    assert FilmWish.objects.get().movie == other
    account.post(address)
    assert "You are not waiting for any film" in account.get(address).content.decode()


def test_the_film_page_stops_it_too(account: Client, anna: User, movie: Movie) -> None:
    services.ask(user=anna, movie=movie)
    form = {"film": str(movie.pk), "next": movie.get_absolute_url()}
    response = account.post(reverse("tell_me:waiting"), form)
    assert response["Location"] == movie.get_absolute_url()
    assert not FilmWish.objects.exists()


def test_one_click_of_a_mail_program_stops_everything(anna: User, movie: Movie) -> None:
    """RFC 8058: a POST without cookies, and without a token against forgery."""
    services.ask(user=anna, movie=movie)
    services.ask(user=anna, movie=make_movie())
    client = Client(enforce_csrf_checks=True)
    response = client.post(stop_link(anna), {"List-Unsubscribe": "One-Click"})
    assert response.status_code == 302
    assert not FilmWish.objects.exists()


def test_opening_the_link_stops_nothing(client: Client, anna: User, movie: Movie) -> None:
    services.ask(user=anna, movie=movie)
    assert "Dune" in client.get(stop_link(anna)).content.decode()
    assert FilmWish.objects.exists()


def test_links_end_with_the_address_and_can_not_be_made_up(
    client: Client, anna: User, movie: Movie
) -> None:
    services.ask(user=anna, movie=movie)
    link = stop_link(anna)
    assert client.post(f"{link[:-3]}x/").status_code == 410
    User.objects.filter(pk=anna.pk).update(email="moved@example.com")
    assert client.post(link).status_code == 410
    assert client.get("/tell-me/confirm/made-up/").status_code == 410
    assert FilmWish.objects.exists()


def test_other_peoples_wishes_are_not_touched(account: Client, movie: Movie) -> None:
    services.ask(user=make_user(), movie=movie)
    account.post(reverse("tell_me:waiting"))
    account.post(reverse("tell_me:waiting"), {"film": str(movie.pk)})
    assert FilmWish.objects.count() == 1
