"""docs/api.md's endpoints of waiting rooms, and the hold that needs their pass, over HTTP."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shows.waiting_room import page_cache, services
from shows.waiting_room.models import OnSale, Place
from shows.waiting_room.page_cache import forget_cached
from tests.support.api_client import ApiInProcess
from tests.support.factories import make_cinema, make_movie, make_screen, make_show, make_user
from tests.support.on_sale import admit_now, make_sale, move_back, open_sale

PLACE_FIELDS = {
    "waitingRoomId",
    "status",
    "number",
    "turn",
    "ahead",
    "joinedAt",
    "enterBefore",
    "passEndsAt",
}


@pytest.fixture(autouse=True)
def read_states_again() -> None:
    forget_cached()


def hold(api: ApiInProcess, show_id: int, user: Any, **headers: str) -> Any:
    body = {"showId": show_id, "seats": [{"seatNumber": "A1"}]}
    return api.post("bookings", body, by=user, **headers)


def test_a_program_joins_waits_enters_and_holds(quick_api: ApiInProcess) -> None:
    show = make_show(screen=make_screen(cinema=make_cinema(timezone="Asia/Kolkata")))
    sale, asha = make_sale(show, mode="LOTTERY"), make_user()
    refused = hold(quick_api, show.pk, asha)
    assert refused.problem == (403, "PASS_REQUIRED")
    assert refused.details == {
        "waitingRoom": f"/waiting-room/{sale.pk}/",
        "waitingRoomId": sale.pk,
    }

    room = f"waiting-rooms/{sale.pk}"
    state = quick_api.get(room).data
    assert (state["id"], state["showId"], state["movieId"]) == (sale.pk, show.pk, None)
    assert (state["phase"], state["seed"], state["early"]) == ("prequeue", None, None)
    assert datetime.fromisoformat(state["opensAt"]).utcoffset() == timedelta(hours=5.5)

    joined = quick_api.post(f"{room}/place", by=asha).data
    assert joined.keys() == PLACE_FIELDS
    assert joined["status"] == "waiting"
    assert joined["turn"] is joined["ahead"] is None, "nobody has a turn before the draw"
    assert quick_api.post(f"{room}/place", by=asha).data == joined

    admit_now(sale, 0)
    forget_cached()
    waits = quick_api.get(f"{room}/place", by=asha).data
    assert (waits["status"], waits["turn"], waits["ahead"]) == ("in_line", 1, 0)
    assert quick_api.post(f"{room}/enter", by=asha).problem == (409, "NOT_YOUR_TURN")
    assert quick_api.get(room).data["seed"]

    admit_now(sale, 1)
    called = quick_api.get(f"{room}/place", by=asha).data
    assert called["status"] == "called"
    assert called["enterBefore"]
    given = quick_api.post(f"{room}/enter", by=asha).data
    assert given.keys() == {"pass", "endsAt"}
    assert quick_api.post(f"{room}/enter", by=asha).data == given
    inside = quick_api.get(f"{room}/place", by=asha).data
    assert (inside["status"], inside["passEndsAt"]) == ("entered", given["endsAt"])
    held = hold(quick_api, show.pk, asha, X_On_Sale_Pass=given["pass"])
    assert held.status == 201


def test_a_foreign_forged_or_old_pass_holds_nothing(quick_api: ApiInProcess) -> None:
    show = make_show()
    sale, asha = open_sale(show), make_user()
    place = services.join(sale.pk, asha)
    Place.objects.filter(pk=place.pk).update(turn=1, called_at=sale.opens_at)
    given = quick_api.post(f"waiting-rooms/{sale.pk}/enter", by=asha).data["pass"]
    for who, text in [(make_user(), given), (asha, f"{given}x"), (asha, "x" * 4000)]:
        refused = hold(quick_api, show.pk, who, X_On_Sale_Pass=text)
        assert refused.problem == (403, "PASS_REQUIRED")


def test_whose_turn_is_over_joins_at_the_end(quick_api: ApiInProcess) -> None:
    sale, asha = open_sale(make_show()), make_user()
    place = services.join(sale.pk, asha)
    admit_now(sale, 1)
    move_back(place, timedelta(minutes=6))
    room = f"waiting-rooms/{sale.pk}"
    assert quick_api.post(f"{room}/enter", by=asha).problem == (409, "TURN_OVER")
    services.admit(sale.pk)
    assert quick_api.get(f"{room}/place", by=asha).data["status"] == "over"
    again = quick_api.post(f"{room}/place", by=asha).data
    assert (again["number"], again["status"]) == (2, "in_line")


def test_why_nobody_can_join(quick_api: ApiInProcess) -> None:
    asha, staff = make_user(), make_user(is_staff=True)
    early = make_sale(make_show(), prequeue_in=timedelta(minutes=5))
    closed, off = open_sale(make_show()), open_sale(make_show())
    services.switch_sale(on_sale_id=closed.pk, mode="CLOSED", by=staff)
    services.switch_sale(on_sale_id=off.pk, mode="OFF", by=staff)
    for sale, code in [
        (early, "WAITING_ROOM_NOT_OPEN"),
        (closed, "SALE_CLOSED"),
        (off, "NO_WAITING_ROOM"),
    ]:
        reply = quick_api.post(f"waiting-rooms/{sale.pk}/place", by=asha)
        assert reply.problem == (409, code)
    phases = [
        quick_api.get(f"waiting-rooms/{pk}").data["phase"] for pk in (early.pk, closed.pk, off.pk)
    ]
    assert phases == ["before", "closed", "off"]


def test_what_is_not_there_is_a_404(quick_api: ApiInProcess) -> None:
    asha, sale = make_user(), make_sale(make_movie())
    assert quick_api.get("waiting-rooms/4711").problem == (404, "NOT_FOUND")
    for pk in (4711, 10**30):
        assert quick_api.post(f"waiting-rooms/{pk}/place", by=asha).problem == (404, "NOT_FOUND")
    for method in ("get", "post"):
        path = f"waiting-rooms/{sale.pk}/{'place' if method == 'get' else 'enter'}"
        assert getattr(quick_api, method)(path, by=asha).problem == (404, "NOT_FOUND")


def test_the_state_may_be_kept_for_a_second_and_needs_no_token(
    quick_api: ApiInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process reads it once a second, however many ask, and one's own place with one read."""
    # On a busy machine the loop takes longer than a second.
    monkeypatch.setattr(page_cache, "KEPT_SECONDS", 600.0)
    sale, asha = make_sale(make_movie()), make_user()
    reply = quick_api.get(f"waiting-rooms/{sale.pk}")
    services.join(sale.pk, asha)
    with CaptureQueriesContext(connection) as asked:
        for _ in range(5):
            quick_api.get(f"waiting-rooms/{sale.pk}")
            quick_api.get(f"waiting-rooms/{sale.pk}/place", by=asha)

    def reads(table: str) -> int:
        return sum(f'FROM "{table}"' in f"{query['sql']}" for query in asked)

    assert reads("waiting_room_onsale") == reads("shows_show") == 0
    assert reads("waiting_room_place") == 5
    assert reply.headers["Cache-Control"] == "public, max-age=1"
    assert OnSale.objects.get().pk == reply.data["id"]
