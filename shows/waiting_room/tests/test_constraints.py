"""What the database refuses in a waiting room, whatever the code does."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from shows.waiting_room.models import OnSale, Place
from tests.support.constraints import names_in, refused_by
from tests.support.factories import make_movie, make_show, make_user
from tests.support.on_sale import make_sale

pytestmark = pytest.mark.django_db
Attempt = Callable[[OnSale], object]
NOW = timezone.now()


def sale_with(**values: Any) -> Attempt:
    return lambda sale: OnSale.objects.filter(pk=sale.pk).update(**values)


def second_sale(**values: Any) -> Attempt:
    def attempt(sale: OnSale) -> None:
        sale.pk = None
        OnSale.objects.filter(show=sale.show_id).update(**values)
        sale.save()

    return attempt


def second_of_film(sale: OnSale) -> None:
    make_sale(make_movie())
    other = OnSale.objects.exclude(movie=None).get()
    other.pk = None
    other.save()


def place_with(**values: Any) -> Attempt:
    def attempt(sale: OnSale) -> None:
        Place.objects.create(on_sale=sale, user=make_user(), number=1, turn=1)
        Place.objects.create(
            **{"on_sale": sale, "user": make_user(), "number": 2, "turn": 2} | values
        )

    return attempt


def same_person(sale: OnSale) -> None:
    person = make_user()
    for number in (1, 2):
        Place.objects.create(on_sale=sale, user=person, number=number)


CASES: list[tuple[str, Attempt]] = [
    ("on_sale_of_a_film_or_a_show", sale_with(show=None)),
    ("on_sale_of_a_film_or_a_show", lambda sale: sale_with(movie=sale.show.movie)(sale)),  # type: ignore[union-attr]
    (
        "on_sale_prequeue_before_opening",
        sale_with(prequeue_from=F("opens_at") + timedelta(seconds=1)),
    ),
    ("on_sale_lets_people_in", sale_with(rate=0)),
    ("on_sale_lets_people_in", sale_with(active_cap=0)),
    ("on_sale_mode_known", sale_with(mode="MAYBE")),
    ("on_sale_draw_complete", sale_with(seed=b"s" * 32)),
    ("on_sale_draw_complete", sale_with(drawn_at=NOW)),
    ("on_sale_draw_complete", sale_with(called_upto=1)),
    ("on_sale_one_for_a_show", second_sale(mode="CLOSED")),
    ("on_sale_one_for_a_film", second_of_film),
    ("place_one_an_account", same_person),
    ("place_number_once", place_with(number=1)),
    ("place_turn_once", place_with(turn=1)),
    ("place_number_from_1", place_with(number=0)),
    ("place_called_by_turn", place_with(turn=None, called_at=NOW)),
    ("place_entered_after_call", place_with(entered_at=NOW)),
    ("place_outcome_at_the_end", place_with(outcome="BOUGHT")),
    ("place_outcome_at_the_end", place_with(called_at=NOW, done_at=NOW)),
    ("place_outcome_at_the_end", place_with(done_at=NOW, outcome="LAPSED")),
]


@pytest.mark.parametrize(("name", "attempt"), CASES)
def test_the_database_refuses(name: str, attempt: Attempt) -> None:
    sale = make_sale(make_show())
    with refused_by(name):
        attempt(sale)


def test_every_constraint_is_seen_to_refuse() -> None:
    assert {name for name, _ in CASES} == names_in("waiting_room")
