"""Staff schedule an on-sale in the admin, and watch and switch it on the page On sale now."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from accounts.models import User
from bookings.services import confirm_booking, hold_seats
from movies.models import Movie
from shows.models import Show
from shows.waiting_room import services
from shows.waiting_room.models import OnSale, Place
from tests.support.factories import (
    make_cinema,
    make_movie,
    make_screen,
    make_show,
    make_user,
)
from tests.support.on_sale import admit_now, make_sale, open_sale

pytestmark = pytest.mark.django_db

ADD = "/admin/waiting_room/onsale/add/"
NOW = "/admin/on-sale/"


@pytest.fixture
def boss(client: Client) -> Client:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def staff_with(*codenames: str) -> Client:
    user, client = make_user(is_staff=True), Client()
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    # A change of rights ends the sessions of the row as it was read before.
    client.force_login(User.objects.get(pk=user.pk))
    return client


def local(show: Show, moment: datetime) -> str:
    return f"{moment.astimezone(show.screen.cinema.tz):%Y-%m-%dT%H:%M}"


def form(example: Show, **changes: Any) -> dict[str, Any]:
    now = timezone.now()
    return {
        "movie": example.movie_id,
        "show": "",
        "mode": "LOTTERY",
        "local_prequeue": local(example, now + timedelta(minutes=10)),
        "local_opens": local(example, now + timedelta(minutes=40)),
        "rate": 60,
        "active_cap": 200,
    } | changes


@pytest.fixture
def show() -> Show:
    screen = make_screen(cinema=make_cinema(timezone="Asia/Kolkata"))
    return make_show(screen=screen, starts_in=timedelta(days=2))


def lines() -> list[str]:
    about = LogEntry.objects.filter(content_type__model="onsale").order_by("pk")
    return list(about.values_list("change_message", flat=True))


def test_an_on_sale_is_scheduled_on_the_cinemas_clock_with_one_audit_line(
    boss: Client, show: Show
) -> None:
    data = form(show)
    response = boss.post(ADD, data)
    assert response.headers["Location"] == NOW
    sale = OnSale.objects.get()
    assert (sale.movie, sale.show) == (show.movie, None)
    assert local(show, sale.opens_at) == data["local_opens"]
    assert local(show, sale.prequeue_from) == data["local_prequeue"]
    show.refresh_from_db()
    assert show.on_sale == sale
    assert len(lines()) == 1
    page = boss.get(NOW).content.decode()
    assert "Scheduled" in page
    assert f"{sale.opens_at.astimezone(show.screen.cinema.tz):%H:%M} IST" in page


def test_one_show_alone_can_be_on_sale(boss: Client, show: Show) -> None:
    other = make_show(movie=show.movie)
    boss.post(ADD, form(show, movie="", show=show.pk))
    assert OnSale.objects.get().show == show
    other.refresh_from_db()
    assert other.on_sale is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"movie": ""}, "Choose a film, or one of its shows, and not both."),
        ({"local_opens": "2020-01-01T10:00"}, "This is in the past."),
        ({"local_opens": "2199-01-01T10:00"}, "This is more than a year ahead; look at the year."),
        ({"local_opens": "soon"}, "Write a date and a time, for example 2027-01-08 19:00."),
        ({"local_prequeue": "2020-01-01T10:00"}, "That is more than a week before the opening."),
        ({"rate": 0}, "Enter a whole number from 1 to 60,000."),
        ({"rate": -3}, "Enter a whole number from 1 to 60,000."),
        ({"active_cap": ""}, "Enter a whole number from 1 to 100,000."),
        ({"mode": "CLOSED"}, "Select a valid choice."),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    boss: Client, show: Show, changes: dict[str, Any], words: str
) -> None:
    response = boss.post(ADD, form(show, **changes))
    assert response.status_code == 200
    assert words in response.content.decode()
    assert not OnSale.objects.exists()


def test_a_time_that_does_not_fit_is_refused(boss: Client, show: Show) -> None:
    data = form(show)
    late = data | {"local_prequeue": data["local_opens"], "local_opens": data["local_prequeue"]}
    assert "before the opening" in boss.post(ADD, late).content.decode()
    after = data | {
        "movie": "",
        "show": show.pk,
        "local_opens": local(show, show.starts_at + timedelta(minutes=1)),
        "local_prequeue": local(show, show.starts_at - timedelta(hours=1)),
    }
    assert "The show begins before that." in boss.post(ADD, after).content.decode()
    both = data | {"show": show.pk}
    assert "and not both" in boss.post(ADD, both).content.decode()


def test_a_second_on_sale_of_the_film_is_refused(boss: Client, show: Show) -> None:
    first = make_sale(show)
    for data in (form(show), form(show, movie="", show=show.pk)):
        words = f"On-sale {first.pk} is about this already."
        assert words in boss.post(ADD, data).content.decode()
    assert OnSale.objects.get() == first


def change(client: Client, sale: OnSale, **values: Any) -> Any:
    return client.post(f"/admin/waiting_room/onsale/{sale.pk}/change/", values)


def test_times_can_change_until_the_draw_and_pace_always(boss: Client, show: Show) -> None:
    sale = make_sale(show.movie, mode="LOTTERY")
    later = timezone.now() + timedelta(hours=5)
    data = {
        "mode": "FIFO",
        "local_prequeue": local(show, timezone.now() - timedelta(minutes=5)),
        "local_opens": local(show, later),
        "rate": 30,
        "active_cap": 200,
    }
    assert change(boss, sale, **data).status_code == 302
    sale.refresh_from_db()
    assert (sale.mode, sale.rate) == ("FIFO", 30)
    assert local(show, sale.opens_at) == data["local_opens"]
    admit_now(sale, 0)
    opened = OnSale.objects.get().opens_at
    page = boss.get(f"/admin/waiting_room/onsale/{sale.pk}/change/").content.decode()
    assert "local_opens" not in page
    assert "Lottery among" not in page, "the order stays as it was drawn"
    written = len(lines())
    assert change(boss, sale, **data | {"active_cap": 50}).status_code == 302
    sale.refresh_from_db()
    assert (sale.active_cap, sale.opens_at) == (50, opened)
    assert len(lines()) == written + 1


def test_saving_without_a_change_writes_no_line(boss: Client, show: Show) -> None:
    sale = open_sale(show.movie)
    written = len(lines())
    same = {"mode": sale.mode, "rate": sale.rate, "active_cap": sale.active_cap}
    assert change(boss, sale, **same).status_code == 302
    assert len(lines()) == written


def test_an_on_sale_is_never_deleted(boss: Client, show: Show) -> None:
    sale = make_sale(show)
    assert boss.post(f"/admin/waiting_room/onsale/{sale.pk}/delete/").status_code == 403


def test_the_figures_of_an_open_sale(boss: Client) -> None:
    show = make_show()
    sale = make_sale(show, mode="FIFO", rate=600)
    people = [make_user() for _ in range(4)]
    places = [services.join(sale.pk, person) for person in people]
    admit_now(sale, 3)
    text = services.enter(Place.objects.get(pk=places[0].pk))
    held = hold_seats(user=people[0], show_id=show.pk, labels=["A1", "A2"], passes=[text])
    confirm_booking(user=people[0], reference=held.reference)
    services.enter(Place.objects.get(pk=places[1].pk))
    services.admit(sale.pk)
    page = boss.get(NOW, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in page, "only the figures"
    figures = [
        (part.split("<", 1)[0], part.split("<dd>")[1].split("<")[0])
        for part in page.split("<dt>")[1:]
    ]
    assert dict(figures) == {
        "In line": "1",
        "Called": "1",
        "Choosing seats": "1",
        "Bought": "1",
        "Without tickets": "0",
        "Seats sold": "2",
    }


def test_a_sale_that_nobody_tends_is_named(boss: Client) -> None:
    open_sale(make_show())
    assert "First come, first served." in boss.get(NOW).content.decode()
    looked_at = timezone.now() - timedelta(minutes=3)
    OnSale.objects.update(opens_at=looked_at - timedelta(minutes=1), looked_at=looked_at)
    page = boss.get(NOW).content.decode()
    assert "Nobody is let in" in page
    assert "3\xa0minutes ago" in page


def test_staff_close_open_and_switch_off(boss: Client) -> None:
    show = make_show()
    sale = make_sale(show, mode="LOTTERY")
    services.join(sale.pk, make_user())
    admit_now(sale, 0)
    for mode, words in [
        ("CLOSED", "nobody can hold seats."),
        ("LOTTERY", ": open."),
        ("OFF", "off,"),
    ]:
        assert f'value="{mode}"' in boss.get(NOW).content.decode()
        response = boss.post(f"{NOW}{sale.pk}/switch/", {"mode": mode}, follow=True)
        sale.refresh_from_db()
        assert sale.mode == mode
        assert words in response.content.decode()
        assert "Switched:" in lines()[-1]
    show.refresh_from_db()
    assert show.on_sale is None


def test_a_sale_that_was_closed_before_its_draw_can_open_either_way(boss: Client) -> None:
    sale = make_sale(make_show(), mode="CLOSED")
    page = boss.get(NOW).content.decode()
    assert 'value="LOTTERY"' in page
    assert 'value="FIFO"' in page
    drawn = open_sale(make_show())
    services.switch_sale(on_sale_id=drawn.pk, mode="CLOSED", by=make_user(is_staff=True))
    wrong = boss.post(f"{NOW}{drawn.pk}/switch/", {"mode": "LOTTERY"}, follow=True)
    assert "The draw was held" in wrong.content.decode()
    assert boss.post(f"{NOW}{sale.pk}/switch/", {"mode": "FIFO"}).status_code == 302
    sale.refresh_from_db()
    assert sale.mode == "FIFO"


def test_the_pace_is_checked_and_audited(boss: Client) -> None:
    sale = open_sale(make_show(), rate=60)
    wrong = boss.post(f"{NOW}{sale.pk}/pace/", {"rate": "-3", "active_cap": "x"}, follow=True)
    page = wrong.content.decode()
    assert "People a minute: Enter a whole number from 1 to 60,000." in page
    assert "At the same time: Enter a whole number from 1 to 100,000." in page
    boss.post(f"{NOW}{sale.pk}/pace/", {"rate": "90", "active_cap": "40"})
    sale.refresh_from_db()
    assert (sale.rate, sale.active_cap) == (90, 40)
    assert "90 people a minute" in lines()[-1]
    strange = boss.post(f"{NOW}{sale.pk}/switch/", {"mode": "X"}, follow=True)
    assert "Choose one of the buttons" in strange.content.decode()


def test_who_may_only_look_has_no_switches() -> None:
    sale = make_sale(make_show())
    looks = staff_with("view_onsale")
    page = looks.get(NOW).content.decode()
    assert "People are joining" in page
    assert "Close for everybody" not in page
    assert looks.post(f"{NOW}{sale.pk}/switch/", {"mode": "OFF"}).status_code == 403
    assert looks.post(f"{NOW}{sale.pk}/pace/", {"rate": 1, "active_cap": 1}).status_code == 403
    assert looks.get(ADD).status_code == 403
    readable = looks.get(f"/admin/waiting_room/onsale/{sale.pk}/change/")
    assert readable.status_code == 200
    assert staff_with("view_show").get(NOW).status_code == 403


def test_nothing_on_sale_says_so(boss: Client) -> None:
    assert "Nothing is on sale through a waiting room." in boss.get(NOW).content.decode()


def test_an_on_sale_is_found_by_its_film(boss: Client) -> None:
    make_sale(make_movie("Perfect Days"))
    found = boss.get("/admin/waiting_room/onsale/?q=perfect").content.decode()
    assert "Perfect Days" in found
    assert Movie.objects.count() == 1
    assert User.objects.filter(is_superuser=True).exists()


def test_on_sales_are_exported(boss: Client) -> None:
    sale = make_sale(make_movie("Perfect Days"), mode="LOTTERY")
    answer = boss.get("/admin/export/waiting_room/onsale/")
    heads, line = b"".join(answer).decode("utf-8-sig").splitlines()
    assert heads.startswith("id,what,mode,")
    assert heads.endswith(",seed")
    assert f"{sale.pk},On-sale of Perfect Days," in line, line
