import itertools
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from shows.models import Screen
from shows.seating.plan import parse_plan
from shows.seating.pretix_format import PlanImportError, categories, plan_text
from tests.support.admin_site import staff_client
from tests.support.factories import make_screen, make_user

CURVED = Path(__file__).parent / "data" / "plan-curved.json"
KINDS = {"Standard": "s", "Recliner": "p", "Wheelchair": "w"}


def curved() -> Any:
    return json.loads(CURVED.read_text())


def seat(number: str, x: float, y: float = 0, category: str = "Standard") -> dict[str, Any]:
    return {
        "seat_guid": f"{number}-{x}-{y}",
        "seat_number": number,
        "position": {"x": x, "y": y},
        "category": category,
    }


def row(name: str, y: float, *seats: dict[str, Any]) -> dict[str, Any]:
    return {"row_number": name, "position": {"x": 0, "y": y}, "seats": list(seats)}


def plan(*rows: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": "Test",
        "size": {"width": 100, "height": 100},
        "categories": [{"name": name} for name in KINDS],
        "zones": [{"position": {"x": 0, "y": 0}, "rows": list(rows)}],
    }


def line_of(*seats: dict[str, Any]) -> str:
    return plan_text(plan(row("A", 0, *seats)), KINDS)


def test_the_curved_plan_keeps_every_seat_its_type_and_its_neighbours() -> None:
    seats = parse_plan(plan_text(curved(), KINDS))
    given = {
        (r["row_number"], s["seat_number"]): s["category"]
        for zone in curved()["zones"]
        for r in zone["rows"]
        for s in r["seats"]
    }
    assert len(seats) == 214
    assert {(s.row, s.number) for s in seats} == given.keys()
    types = Counter((s.seat_type, s.is_wheelchair) for s in seats)
    wanted = Counter(given.values())
    assert types["premium", False] == wanted["Recliner"]
    assert types["standard", True] == wanted["Wheelchair"]
    for zone in curved()["zones"]:
        for given_row in zone["rows"]:
            in_file = sorted(given_row["seats"], key=lambda s: s["position"]["x"])
            drawn = sorted(
                (s for s in seats if s.row == given_row["row_number"]), key=lambda s: s.x
            )
            assert [s.number for s in drawn] == [s["seat_number"] for s in in_file]
            for (left, right), (a, b) in zip(
                itertools.pairwise(in_file), itertools.pairwise(drawn),
                strict=True,
            ):  # fmt: skip
                pixels = right["position"]["x"] - left["position"]["x"]
                assert b.x - a.x == round(pixels / 15), (given_row["row_number"], a, b)


def test_the_balcony_is_behind_the_stalls_with_an_aisle_between() -> None:
    seats = parse_plan(plan_text(curved(), KINDS))
    y = {s.row: s.y for s in seats}
    assert y["A"] < y["B"] < y["J"] < y["AA"] < y["CC"]
    assert y["AA"] - y["J"] > y["B"] - y["A"]


def test_gaps_are_kept_to_the_half_seat() -> None:
    assert line_of(seat("1", 0), seat("2", 10), seat("3", 20), seat("4", 35)) == "A sss-s"
    assert line_of(seat("1", 0), seat("2", 10), seat("3", 20), seat("4", 40)) == "A sss_s"


def test_numbers_from_the_right_and_unusual_numbers_are_kept() -> None:
    assert line_of(seat("3", 0), seat("2", 10), seat("1", 20)) == "A < sss"
    assert line_of(seat("1", 0), seat("3", 10), seat("5", 20)) == "A = 1,3,5 sss"


def test_a_row_on_both_sides_of_an_aisle_is_one_row() -> None:
    left = row("A", 0, seat("1", 0), seat("2", 10))
    right = row("A", 0, seat("3", 40), seat("4", 50))
    assert plan_text(plan(left, right, row("B", 10, seat("1", 0))), KINDS).splitlines()[0] == (
        "A ss__ss"
    )


def test_a_slanted_row_is_drawn_straight() -> None:
    text = line_of(seat("1", 0, 0), seat("2", 8, 6), seat("3", 16, 12))
    assert text == "A sss"


@pytest.mark.parametrize(
    ("data", "place", "words"),
    [
        (plan(row("A", 0, seat("1", 0), seat("1", 10))), "zones[0].rows[0].seats[1]", "already"),
        (plan(row("A", 0, seat("1", 0, category="Sofa"))), "zones[0].rows[0].seats[0]", "Sofa"),
        (plan(), "zones", "no seats"),
        (plan(row("A", 0)), "zones", "no seats"),
        (plan(row("Balcony", 0, seat("1", 0))), "zones[0].rows[0].seats[0]", "is not a row name"),
        (plan(row("A", 0, seat("?", 0))), "zones[0].rows[0].seats[0]", "seat number"),
        (
            plan(row("A", 0, seat("1", 0)), row("B", 10, seat("1", 0)), row("A", 50, seat("2", 0))),
            "zones[0].rows[2].seats[0]",
            "two places",
        ),
        (plan({"row_number": "A"}), "zones[0].rows[0].seats", "missing"),
        (plan(row("A", 0, {"seat_number": "1"})), "zones[0].rows[0].seats[0].position", "missing"),
        (
            plan(row("A", 0, {"seat_number": "1", "position": {"x": "0", "y": 0}})),
            "zones[0].rows[0].seats[0].position.x",
            "not what",
        ),
        ({"zones": {}}, "zones", "not what"),
        ([], "zones", "missing"),
        (plan(row("A", 0, seat("1", float("nan")))), "zones[0].rows[0].seats[0].position", "reach"),
    ],
)
def test_an_error_names_its_place_in_the_file(data: Any, place: str, words: str) -> None:
    with pytest.raises(PlanImportError, match=words) as caught:
        plan_text(data, KINDS)
    assert caught.value.place == place


def test_a_category_without_a_seat_type_is_refused() -> None:
    assert categories(curved()) == ["Standard", "Recliner", "Wheelchair"]
    with pytest.raises(PlanImportError, match="'Recliner' has no seat type"):
        plan_text(curved(), {"Standard": "s", "Wheelchair": "w", "Recliner": ""})


@pytest.fixture
def screen(db: None) -> Screen:
    return make_screen()


def upload(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("plan.json", content, "application/json")


def test_the_page_reads_maps_shows_and_then_uses_the_plan(screen: Screen) -> None:
    client, address = staff_client(), f"/admin/shows/screen/{screen.pk}/import/"
    page = client.post(address, {"file": upload(CURVED.read_bytes())})
    kinds = {"kind0": "s", "kind1": "p"}
    sent = kinds | {"content": page.context["content"]}
    refused = client.post(address, sent | {"step": "look"}).content.decode()
    assert "&#x27;Wheelchair&#x27; has no seat type" in refused
    shown = client.post(address, sent | {"kind2": "w", "step": "look"}).content.decode()
    assert "214 seats" in shown
    screen.refresh_from_db()
    assert len(parse_plan(screen.seating_plan)) == 50
    client.post(address, sent | {"kind2": "w", "step": "use"})
    screen.refresh_from_db()
    assert len(parse_plan(screen.seating_plan)) == 214


@pytest.mark.parametrize("content", [b"\xff\xfe", b"{", b"[]", b"null", b'{"categories": [1]}'])
def test_a_file_without_a_plan_is_refused(screen: Screen, content: bytes) -> None:
    address = f"/admin/shows/screen/{screen.pk}/import/"
    page = staff_client().post(address, {"file": upload(content)})
    assert "can&#x27;t be read" in page.content.decode()


def test_the_editor_draws_the_plan_or_names_the_line_of_the_error(screen: Screen) -> None:
    client, address = staff_client(), "/admin/shows/screen/picture/"
    drawn = client.post(address, {"plan": "A sss\nB ppw"}).content.decode()
    assert "<svg" in drawn
    assert "6 seats: 4 standard, 2 premium; 1 of them" in drawn
    assert "Line 2: " in client.post(address, {"plan": "A sss\nB <x>"}).content.decode()
    page = client.get(f"/admin/shows/screen/{screen.pk}/change/").content.decode()
    assert f'data-plan-picture="{address}"' in page
    assert "js/plan-editor.js" in page


def test_plans_are_for_staff_with_the_permission(screen: Screen, client: Client) -> None:
    client.force_login(make_user(is_staff=True))
    assert client.post("/admin/shows/screen/picture/").status_code == 403
    assert client.get(f"/admin/shows/screen/{screen.pk}/import/").status_code == 403
