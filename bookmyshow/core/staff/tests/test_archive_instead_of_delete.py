from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin import site
from django.forms import modelform_factory
from django.test import Client, RequestFactory
from django.utils import timezone

from movies.models import Movie
from shows.errors import Archived, CinemaHasComingShows, MovieHasComingShows
from shows.listings.films import films
from shows.models import Cinema, Show
from shows.services import archive_cinema, archive_movie, restore_movie
from tests.support.admin_site import staff_client
from tests.support.factories import begin, make_booking, make_screen, make_show, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def past() -> Show:
    """A sold show that began."""
    show = make_show()
    make_booking(show, ["A1"])
    begin(show)
    return show


def test_an_archived_film_is_in_no_list_and_cannot_be_scheduled(past: Show) -> None:
    movie = past.movie
    archive_movie(movie, by=make_user(), at=timezone.now())
    assert not films().with_showing(at=timezone.now()).filter(pk=movie.pk).exists()
    Movie.objects.filter(pk=movie.pk).update(release_date=timezone.now() + timedelta(days=9))
    assert not films().coming_soon(at=timezone.now()).exists()
    with pytest.raises(Archived, match="restore it"):
        make_show(movie=movie)
    restore_movie(movie, by=make_user())
    make_show(movie=movie)


def test_an_archived_films_page_stays_for_those_who_have_a_ticket(
    past: Show, client: Client
) -> None:
    archive_movie(past.movie, by=make_user(), at=timezone.now())
    assert client.get(past.movie.get_absolute_url()).status_code == 200


def test_an_archived_cinema_gets_no_shows(past: Show) -> None:
    cinema = past.screen.cinema
    archive_cinema(cinema, by=make_user(), at=timezone.now())
    with pytest.raises(Archived):
        make_show(screen=make_screen(cinema=cinema))


def test_what_has_shows_to_come_cannot_be_archived() -> None:
    show = make_show()
    with pytest.raises(MovieHasComingShows):
        archive_movie(show.movie, by=make_user(), at=timezone.now())
    with pytest.raises(CinemaHasComingShows):
        archive_cinema(show.screen.cinema, by=make_user(), at=timezone.now())


@pytest.mark.parametrize(("model", "of"), [("movies/movie", "movie"), ("shows/cinema", "cinema")])
def test_the_admin_says_why_and_archives_instead(past: Show, model: str, of: str) -> None:
    client = staff_client()
    thing = past.movie if of == "movie" else past.screen.cinema
    page = client.get(f"/admin/{model}/{thing.pk}/delete/").content.decode()
    assert "1 show, 1 of them with bookings" in page
    assert "Archive it instead" in page
    client.post(f"/admin/{model}/{thing.pk}/delete/", {"post": "yes"})
    thing.refresh_from_db()
    chosen = {"_selected_action": [thing.pk]}
    done = client.post(f"/admin/{model}/", {**chosen, "action": "archive_selected"}, follow=True)
    assert "is archived" in done.content.decode()
    thing.refresh_from_db()
    assert thing.archived_at
    listed = f"/admin/{model}/{thing.pk}/change/"
    assert listed not in client.get(f"/admin/{model}/").content.decode()
    archived = client.get(f"/admin/{model}/?archived=yes")
    assert listed in archived.content.decode()
    client.post(f"/admin/{model}/?archived=yes", {**chosen, "action": "restore_selected"})
    thing.refresh_from_db()
    assert thing.archived_at is None


@pytest.mark.parametrize(("model", "name"), [(Movie, "title"), (Cinema, "name")])
def test_a_form_that_was_read_before_an_archiving_does_not_undo_it(
    past: Show, rf: RequestFactory, model: type[Movie | Cinema], name: str
) -> None:
    thing: Any = past.movie if model is Movie else past.screen.cinema
    read_before = model._default_manager.get(pk=thing.pk)
    model._default_manager.filter(pk=thing.pk).update(archived_at=timezone.now())
    form = modelform_factory(model, fields=[name])({name: "New"}, instance=read_before)
    assert form.is_valid()
    obj = form.save(commit=False)
    site._registry[model].save_model(rf.post("/"), obj, form, change=True)
    thing.refresh_from_db()
    assert getattr(thing, name) == "New"
    assert thing.archived_at


def test_the_admin_says_why_something_cannot_be_archived() -> None:
    show = make_show()
    page = staff_client().post(
        "/admin/movies/movie/",
        {"_selected_action": [show.movie.pk], "action": "archive_selected"},
        follow=True,
    )
    assert "has shows to come" in page.content.decode()
