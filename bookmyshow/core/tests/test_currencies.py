from decimal import Decimal

import pytest

from bookmyshow.core.currencies import (
    CURRENCIES,
    AmountTooFine,
    UnknownCurrency,
    exponent,
    from_minor,
    to_minor,
)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("250.50", "INR", 25050),
        ("0.01", "EUR", 1),
        ("250", "JPY", 250),
        ("250.00", "JPY", 250),
        ("1.25", "KWD", 1250),
        ("1.255", "KWD", 1255),
        ("-20", "INR", -2000),
        ("0", "KRW", 0),
    ],
)
def test_an_amount_in_minor_units_and_back(amount: str, currency: str, minor: int) -> None:
    assert to_minor(Decimal(amount), currency) == minor
    assert from_minor(minor, currency) == Decimal(amount)


def test_back_in_the_major_unit_it_has_the_decimals_of_its_currency() -> None:
    assert str(from_minor(25000, "INR")) == "250.00"
    assert str(from_minor(250, "JPY")) == "250"
    assert str(from_minor(1250, "KWD")) == "1.250"


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        ("250.50", "JPY", "250.50 can't be paid in JPY, which has no decimals."),
        ("250.505", "INR", "250.505 can't be paid in INR, which has at most 2 decimals."),
        ("1.2555", "KWD", "1.2555 can't be paid in KWD, which has at most 3 decimals."),
    ],
)
def test_nothing_is_rounded(amount: str, currency: str, words: str) -> None:
    with pytest.raises(AmountTooFine, match=f"^{words}$"):
        to_minor(Decimal(amount), currency)


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="is not an amount of money"):
        to_minor(Decimal(amount), "INR")


@pytest.mark.parametrize("code", ["", "inr", "XYZ", "EURO"])
def test_an_unknown_currency_is_refused(code: str) -> None:
    with pytest.raises(UnknownCurrency, match="three letters of ISO 4217"):
        exponent(code)


def test_every_currency_has_its_decimals() -> None:
    by_places = {places: {c for c in CURRENCIES if exponent(c) == places} for places in (0, 2, 3)}
    assert len(by_places[0]) == 16
    assert by_places[3] == {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}
    assert by_places[0] | by_places[2] | by_places[3] == CURRENCIES
