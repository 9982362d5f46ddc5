"""Which rule gives the rate, and the split of a price into net and tax."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookings.tax.errors import TaxRuleOverlaps
from bookings.tax.models import TaxRule
from bookings.tax.services import NO_TAX, delete_rule, rate_for, save_rule, split
from tests.support.unhurried import unhurried

DAY = date(2026, 11, 26)
TICKET = TaxRule.Kind.TICKET
database = pytest.mark.django_db(transaction=True)


def make_rule(basis_points: int = 1800, **fields: Any) -> TaxRule:
    values = {
        "kind": TICKET,
        "place": "IN",
        "valid_from": date(2025, 9, 22),
        "currency": "INR",
        "name": "GST",
        "code": "999614",
        "components": [["CGST", basis_points // 2], ["SGST", basis_points // 2]],
    }
    rule = TaxRule(basis_points=basis_points, **(values | fields))
    save_rule(rule)
    return rule


def points(price: int = 20_000, *, place: str = "IN-MH", on: date = DAY) -> int:
    return rate_for(TICKET, price, "INR", place, on).basis_points


@database
def test_without_a_rule_there_is_no_tax() -> None:
    make_rule()
    assert rate_for(TICKET, 20_000, "EUR", "IN", DAY) == NO_TAX
    assert rate_for(TaxRule.Kind.FEE, 20_000, "INR", "IN", DAY) == NO_TAX
    assert points(place="INX") == points(place="DE") == points(place="") == 0
    assert points(on=date(2025, 9, 21)) == 0


@database
def test_a_rate_has_what_an_invoice_names() -> None:
    make_rule()
    rate = rate_for(TICKET, 20_000, "INR", "IN-MH", DAY)
    assert (rate.basis_points, rate.code, rate.name) == (1800, "999614", "GST")
    assert rate.components == (("CGST", 900), ("SGST", 900))


@database
def test_the_band_decides_and_includes_both_its_ends() -> None:
    make_rule(500, price_to=10_000)
    make_rule(1800, price_from=10_001)
    assert [points(price) for price in (0, 10_000, 10_001, 10**9)] == [500, 500, 1800, 1800]


@database
def test_the_later_rule_wins_from_its_first_day_on() -> None:
    make_rule(2800, valid_from=date(2017, 7, 1))
    make_rule(1800, valid_from=date(2026, 11, 26))
    assert points(on=date(2026, 11, 25)) == 2800
    assert points(on=date(2026, 11, 26)) == 1800


@database
def test_the_more_exact_place_wins() -> None:
    make_rule(100, place="")
    make_rule(1800)
    make_rule(300, place="IN-MH", valid_from=date(2020, 1, 1))
    assert [points(place=place) for place in ("IN-MH", "IN-KA", "IN", "DE")] == [
        300,
        1800,
        1800,
        100,
    ]


@database
def test_a_change_counts_at_once_although_rules_are_cached() -> None:
    rule = make_rule()
    assert points() == 1800
    rule.basis_points = 1200
    save_rule(rule)
    assert points() == 1200
    delete_rule(rule)
    assert points() == 0


@database
def test_overlapping_rules_are_refused_with_the_name_of_the_other() -> None:
    make_rule(500, price_to=10_000)
    with pytest.raises(TaxRuleOverlaps) as refused:
        make_rule(1800, price_from=10_000)
    assert "Ticket, IN, from 22 Sep 2025, up to INR 100.00: 5 % GST" in refused.value.message
    make_rule(1800, price_from=10_001)
    make_rule(1800, price_from=10_000, currency="EUR")
    make_rule(1800, price_from=10_000, kind=TaxRule.Kind.FEE)


@unhurried
@given(gross=st.integers(0, 10**12), basis_points=st.integers(0, 10_000))
def test_net_and_tax_always_add_up(gross: int, basis_points: int) -> None:
    net, tax = split(gross, basis_points)
    assert net + tax == gross
    assert 0 <= net <= gross
    # Half up: the exact net amount is at most half a unit above, and less than that below.
    exact, divisor = gross * 10_000, 10_000 + basis_points
    assert -divisor <= 2 * (exact - net * divisor) < divisor


def test_half_a_unit_is_rounded_up() -> None:
    assert split(1, 10_000) == (1, 0)
    assert split(11_800, 1800) == (10_000, 1_800)
    assert split(25_000, 1800) == (21_186, 3_814)
    with pytest.raises(ValueError):
        split(-1, 1800)
