"""Checks of tax numbers, so that a typing error is found before it is on invoices."""

import re

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#: State, PAN, number of the registration, Z, check digit.
_GSTIN = re.compile(r"[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z][0-9A-Z]Z[0-9A-Z]")


def gstin_problem(number: str) -> str:
    """What is wrong with an Indian GSTIN, as a text for staff; "" if nothing is."""
    if not _GSTIN.fullmatch(number):
        return "A GSTIN has 15 characters, such as 27AAPFU0939F1ZV: look at its certificate."
    if number[-1] != _check_digit(number[:-1]):
        return "One character of this GSTIN is wrong: its last one doesn't fit the others."
    return ""


def _check_digit(number: str) -> str:
    """Every second value counts twice; of each product the digits in base 36 are added."""
    values = [_DIGITS.index(digit) * (1 + place % 2) for place, digit in enumerate(number)]
    return _DIGITS[-sum(value // 36 + value % 36 for value in values) % 36]
