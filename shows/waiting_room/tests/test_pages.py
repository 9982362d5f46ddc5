"""The pages of a waiting room, for a visitor with or without scripts."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from shows.waiting_room import services
from shows.waiting_room.models import OnSale, Place
from shows.waiting_room.page_cache import forget_cached
from tests.support.factories import make_guest, make_movie, make_show, make_user
from tests.support.guests import be_guest
from tests.support.on_sale import admit_now, make_sale, move_back, open_sale

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def read_states_again() -> None:
    forget_cached()


@pytest.fixture
def person() -> User:
    return make_user("asha@example.com")


@pytest.fixture
def asha(person: User, client: Client) -> Client:
    client.force_login(person)
    return client


def own_page(client: Client, sale: OnSale) -> str:
    return client.get(f"/waiting-room/{sale.pk}/place/").content.decode()


def call(place: Place) -> None:
    Place.objects.filter(pk=place.pk).update(turn=place.number, called_at=timezone.now())


def test_the_waiting_page_is_the_same_for_everybody(asha: Client) -> None:
    sale = make_sale(make_movie("Perfect Days"))
    Client().get("/accounts/login/")
    mine, others = (each.get(f"/waiting-room/{sale.pk}/") for each in (asha, Client()))
    assert mine.content == others.content
    assert b"Perfect Days" in mine.content
    assert b"asha" not in mine.content
    for response in (mine, others):
        assert response["Cache-Control"] == "public, max-age=15"
        assert "Cookie" not in response.get("Vary", "")
        assert not response.cookies


def test_the_state_is_public_and_good_for_a_second(asha: Client) -> None:
    sale = make_sale(make_show(), mode="LOTTERY", rate=90)
    response = asha.get(f"/waiting-room/{sale.pk}/state.json")
    assert response["Cache-Control"] == "public, max-age=1"
    assert not response.cookies
    state = response.json()
    assert state.pop("now") <= timezone.now().isoformat()
    assert state == {
        "phase": "prequeue",
        "prequeueFrom": sale.prequeue_from.isoformat(),
        "opensAt": sale.opens_at.isoformat(),
        "isLottery": True,
        "seed": None,
        "early": None,
        "calledUpto": 0,
        "rate": 90,
    }


def test_after_the_draw_the_state_has_what_everybody_needs_to_check_it(person: User) -> None:
    sale = make_sale(make_show(), mode="LOTTERY")
    services.join(sale.pk, person)
    admit_now(sale, 0)
    sale.refresh_from_db()
    state = Client().get(f"/waiting-room/{sale.pk}/state.json").json()
    assert (state["phase"], state["early"]) == ("open", 1)
    assert state["seed"] == bytes(sale.seed).hex()
    assert len(state["seed"]) == 64


@pytest.mark.parametrize("path", ["", "state.json", "place/"])
def test_an_unknown_waiting_room_is_a_404(asha: Client, path: str) -> None:
    assert asha.get(f"/waiting-room/4711/{path}").status_code == 404


@pytest.mark.parametrize("pk", [4711, 10**30])
def test_nobody_joins_or_enters_an_unknown_waiting_room(asha: Client, pk: int) -> None:
    assert asha.post(f"/waiting-room/{pk}/join/").status_code == 404
    assert asha.post(f"/waiting-room/{pk}/enter/", follow=True).status_code == 404


def test_a_visitor_logs_in_first_and_comes_back(client: Client) -> None:
    sale = make_sale(make_show())
    back = f"/waiting-room/{sale.pk}/place/"
    log_in = f"/accounts/login/?{urlencode({'next': back}, safe='/')}"
    assert client.get(back).headers["Location"] == log_in
    for verb in ("join", "enter"):
        assert client.post(f"/waiting-room/{sale.pk}/{verb}/").headers["Location"] == log_in
    assert not Place.objects.exists()


def test_a_guest_needs_an_account(client: Client) -> None:
    sale = make_sale(make_show())
    be_guest(client, make_guest())
    response = client.post(f"/waiting-room/{sale.pk}/join/")
    assert response.headers["Location"].startswith("/accounts/login/")


def test_joining_twice_is_one_place_and_tells_the_script_the_number(
    asha: Client, person: User
) -> None:
    sale = make_sale(make_show())
    assert "Come in" in own_page(asha, sale)
    for _ in range(2):
        response = asha.post(f"/waiting-room/{sale.pk}/join/", {"live": "1"})
        assert response.headers["Location"] == f"/waiting-room/{sale.pk}/"
    assert Place.objects.get().user == person
    cookie = response.cookies[f"place-{sale.pk}"]
    assert (cookie.value, cookie["path"], cookie["httponly"]) == (
        "1",
        f"/waiting-room/{sale.pk}/",
        "",
    )


def test_somebody_else_in_the_same_browser_does_not_keep_the_number(asha: Client) -> None:
    sale = make_sale(make_show())
    asha.post(f"/waiting-room/{sale.pk}/join/")
    asha.force_login(make_user())
    page = asha.get(f"/waiting-room/{sale.pk}/place/")
    assert "Come in" in page.content.decode()
    assert page.cookies[f"place-{sale.pk}"].value == ""


def test_without_scripts_the_own_page_says_everything(asha: Client, person: User) -> None:
    """The number before one counts only who has a turn before."""
    sale = make_sale(make_show(), mode="FIFO", rate=1)
    others = [services.join(sale.pk, make_user()) for _ in range(3)]
    response = asha.post(f"/waiting-room/{sale.pk}/join/", follow=True)
    assert response.redirect_chain[-1][0] == f"/waiting-room/{sale.pk}/place/"
    page = response.content.decode()
    assert "You are in." in page
    assert "before you" not in page, "nothing is promised before the opening"
    assert "Look again" in page
    admit_now(sale, 1)
    page = own_page(asha, sale)
    assert "People before you, at most" in page
    assert ">2<" in page
    admit_now(sale, 2)
    page = own_page(asha, sale)
    assert "You are next" in page
    assert "at most" not in page
    call(Place.objects.get(user=person))
    assert "It’s your turn" in own_page(asha, sale)
    assert others[0].number == 1


def test_who_is_called_goes_in_with_a_pass_that_scripts_cannot_read(
    asha: Client, person: User
) -> None:
    show = make_show()
    sale = open_sale(show)
    call(services.join(sale.pk, person))
    response = asha.post(f"/waiting-room/{sale.pk}/enter/")
    assert response.headers["Location"] == show.get_absolute_url()
    cookie = response.cookies[f"on-sale-pass-{sale.pk}"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    again = asha.post(f"/waiting-room/{sale.pk}/enter/")
    assert again.cookies[f"on-sale-pass-{sale.pk}"].value == cookie.value
    assert "You are in" in own_page(asha, sale)


def test_a_film_s_sale_leads_to_its_times(asha: Client, person: User) -> None:
    movie = make_movie("Perfect Days", slug="perfect-days")
    make_show(movie=movie)
    sale = open_sale(movie)
    call(services.join(sale.pk, person))
    response = asha.post(f"/waiting-room/{sale.pk}/enter/")
    assert response.headers["Location"] == "/movies/perfect-days/#times"


def test_whose_turn_is_over_reads_why_and_can_join_again(asha: Client, person: User) -> None:
    sale = open_sale(make_show())
    place = services.join(sale.pk, person)
    asha.cookies[f"place-{sale.pk}"] = "1"
    call(place)
    move_back(place, timedelta(minutes=6))
    response = asha.post(f"/waiting-room/{sale.pk}/enter/")
    assert response.status_code == 409
    assert "Your turn is over" in response.content.decode()
    services.admit(sale.pk)
    page = asha.get(f"/waiting-room/{sale.pk}/place/")
    assert "Join the line" in page.content.decode()
    assert page.cookies[f"place-{sale.pk}"].value == "", "the script forgets the old number"
    asha.post(f"/waiting-room/{sale.pk}/join/")
    assert Place.objects.get().number == 2


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("BOUGHT", "You have your tickets"),
        ("LAPSED", "You did not go in within 5 minutes."),
        ("EXPIRED", "Your 10 minutes to choose seats have passed."),
    ],
)
def test_whose_turn_has_ended_reads_why(
    asha: Client, person: User, outcome: str, words: str
) -> None:
    """The pass in their browser leads there, and is dropped."""
    show = make_show()
    sale = open_sale(show)
    place = services.join(sale.pk, person)
    call(place)
    asha.post(f"/waiting-room/{sale.pk}/enter/")
    Place.objects.filter(pk=place.pk).update(done_at=timezone.now(), outcome=outcome)
    page = asha.get(show.get_absolute_url(), follow=True)
    assert page.redirect_chain[-1][0] == f"/waiting-room/{sale.pk}/place/"
    assert words in page.content.decode()
    assert "Join the line" in page.content.decode()
    assert page.cookies[f"on-sale-pass-{sale.pk}"].value == ""


def test_entering_before_one_s_turn_or_without_a_place_changes_nothing(
    asha: Client, person: User
) -> None:
    sale = open_sale(make_show())
    response = asha.post(f"/waiting-room/{sale.pk}/enter/")
    assert response.headers["Location"] == f"/waiting-room/{sale.pk}/place/"
    services.join(sale.pk, person)
    response = asha.post(f"/waiting-room/{sale.pk}/enter/")
    assert response.status_code == 409
    assert "It is not your turn yet" in response.content.decode()
    assert not any(name.startswith("on-sale-pass") for name in response.cookies)


@pytest.mark.parametrize(
    ("mode", "words"),
    [("CLOSED", "The sale is closed for now"), ("OFF", "You can book without waiting now")],
)
def test_a_sale_that_staff_stopped_says_so(
    asha: Client, person: User, mode: str, words: str
) -> None:
    sale = make_sale(make_show())
    services.join(sale.pk, person)
    services.switch_sale(on_sale_id=sale.pk, mode=mode, by=make_user(is_staff=True))
    assert words in own_page(asha, sale)
    response = asha.post(f"/waiting-room/{sale.pk}/enter/")
    assert response.status_code == 409
    assert asha.get(f"/waiting-room/{sale.pk}/state.json").json()["phase"] == mode.lower()


def test_nobody_can_come_in_before_the_room_opens(asha: Client) -> None:
    sale = make_sale(make_show(), prequeue_in=timedelta(minutes=5))
    assert "The waiting room opens at" in own_page(asha, sale)
    response = asha.post(f"/waiting-room/{sale.pk}/join/")
    assert response.status_code == 409
    assert "The waiting room is not open yet." in response.content.decode()
    assert not Place.objects.exists()


@pytest.mark.parametrize("verb", ["join", "enter"])
def test_only_a_form_of_this_site_joins_and_enters(person: User, verb: str) -> None:
    sale = make_sale(make_show())
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person)
    assert strict.get(f"/waiting-room/{sale.pk}/{verb}/").status_code == 405
    assert strict.post(f"/waiting-room/{sale.pk}/{verb}/").status_code == 403
    assert not Place.objects.exists()
