"""Each rule of on-sales, broken by hand in a way that no constraint refuses, is found and named."""

from collections.abc import Callable

import pytest
from django.db.models import F

from bookings.integrity.checks import find_breaches
from bookings.integrity.on_sale_rules import ON_SALE_RULES
from shows.models import Show
from shows.waiting_room import services
from shows.waiting_room.models import Arrivals, OnSale, Place
from tests.support.factories import make_show, make_user
from tests.support.on_sale import admit_now, make_sale

pytestmark = pytest.mark.django_db(transaction=True)


def covered_by_none() -> None:
    Show.objects.update(on_sale=None)


def covered_by_an_on_sale_that_is_off() -> None:
    OnSale.objects.update(mode="OFF")


def closed_without_its_show() -> None:
    OnSale.objects.update(mode="CLOSED")


def covered_by_that_of_another_show() -> None:
    OnSale.objects.update(show=make_show())


def a_turn_that_was_not_drawn() -> None:
    Place.objects.filter(number__lte=4, called_at=None).update(turn=F("turn") + 100)


def a_late_turn_that_is_not_the_number() -> None:
    Place.objects.filter(number__gt=4).update(turn=77)


def a_number_that_was_not_given() -> None:
    Arrivals.objects.update(last=2)


def called_out_of_turn() -> None:
    OnSale.objects.update(called_upto=1)


COVERED, TURNS, CALLED = ON_SALE_RULES
BREAKS: list[tuple[str, Callable[[], None]]] = [
    (COVERED, covered_by_none),
    (COVERED, covered_by_an_on_sale_that_is_off),
    (COVERED, closed_without_its_show),
    (COVERED, covered_by_that_of_another_show),
    (TURNS, a_turn_that_was_not_drawn),
    (TURNS, a_late_turn_that_is_not_the_number),
    (TURNS, a_number_that_was_not_given),
    (CALLED, called_out_of_turn),
]


@pytest.fixture
def sale() -> OnSale:
    """A lottery with four people. Two of them are called. A fifth person came after the draw."""
    sale = make_sale(make_show())
    for _ in range(4):
        services.join(sale.pk, make_user())
    admit_now(sale, 2)
    services.join(sale.pk, make_user())
    return sale


def broken() -> set[str]:
    return {breach.rule for breach in find_breaches()}


def test_what_the_services_write_breaks_no_rule(sale: OnSale) -> None:
    assert broken() == set()
    services.switch_sale(on_sale_id=sale.pk, mode="CLOSED", by=make_user(is_staff=True))
    assert broken() == set()
    services.switch_sale(on_sale_id=sale.pk, mode="OFF", by=make_user(is_staff=True))
    assert broken() == set()


@pytest.mark.parametrize(("rule", "break_it"), BREAKS, ids=[b.__name__ for _, b in BREAKS])
def test_a_broken_rule_is_found(sale: OnSale, rule: str, break_it: Callable[[], None]) -> None:
    break_it()
    assert rule in broken()


def test_every_rule_is_broken_by_a_test() -> None:
    assert {rule for rule, _ in BREAKS} == set(ON_SALE_RULES)
